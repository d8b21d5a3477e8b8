"""The bodies of requests about assets and features (contract b4, b5). Unknown fields are ignored."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from mixpeek_local.http.ingest import Metadata
from mixpeek_local.http.paging import GroupBy, Sort
from mixpeek_local.search.filters import Condition, Filters

Names = Annotated[list[str], Field(max_length=1_000)]


class ListFeatures(BaseModel):
    """Which features to list."""

    model_config = ConfigDict(strict=True)

    collections: Names
    filters: Filters | None = None
    sort: Sort | None = None
    select: Names | None = None
    return_urls: bool | None = None


class ListAssets(BaseModel):
    """Which assets to list."""

    model_config = ConfigDict(strict=True)

    collections: Names
    filters: Filters | None = None
    group_by: GroupBy | None = None
    sort: Sort | None = None
    select: Names | None = None
    return_url: bool | None = None


class Words(BaseModel):
    """Words, and fields; all words must be in one of the fields."""

    model_config = ConfigDict(strict=True)

    key: Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(min_length=1, max_length=100)]
    value: str


class SearchAssets(ListAssets):
    """Which assets to list, by the words in their fields."""

    query: Words | None = None

    @property
    def all_filters(self) -> Filters | None:
        """The filters and the query as one."""
        if self.query is None:
            return self.filters
        words: list[Any] = [Condition(key=key, operator="text", value=self.query.value) for key in self.query.key]
        return Filters(AND=[Filters(OR=words), *([self.filters] if self.filters else [])])


class ChangeAsset(BaseModel):
    """New metadata of an asset."""

    model_config = ConfigDict(strict=True)

    metadata: Metadata | None = None
    propagate_features: bool | None = None


class ChangeFeature(BaseModel):
    """New metadata of a feature."""

    model_config = ConfigDict(strict=True)

    metadata: Metadata | None = None
