"""The body of `POST /features/search` and of its reply (contract b5)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from mixpeek_local.http.paging import GroupBy, Sort
from mixpeek_local.http.schemas import Feature, ModalityName
from mixpeek_local.http.vector_names import known_name
from mixpeek_local.search.filters import Filters

MAX_OFFSET = 10_000
DEFAULT_LIMIT = 100

Words = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=8_192)]
Strict = ConfigDict(strict=True)


class QuerySettings(BaseModel):
    """The settings of one query."""

    model_config = Strict

    limit: Annotated[
        int | None,
        Field(ge=1, le=MAX_OFFSET, description=f"of several queries: results to fuse, else {DEFAULT_LIMIT}"),
    ] = None
    min_score: Annotated[float | None, Field(ge=-1, le=1, description="smallest cosine similarity")] = None
    modality: Annotated[ModalityName | None, Field(description="only features of this modality")] = None


def _is_offered(kind: str) -> str:
    if kind in ("url", "base64"):
        raise ValueError(
            f"this server searches by words (`text`) and by a feature that it knows (`feature`), not by {kind}:"
            " ingest the video, then search by one of its features"
        )
    return kind


class SearchQuery(BaseModel):
    """What to look for, in one index."""

    model_config = Strict

    index: Annotated[
        str,
        AfterValidator(known_name),
        Field(
            # Its name changed on 2024-12-28.
            validation_alias=AliasChoices("vector_index", "embedding_model"),
            description="a named vector; words are looked for in `multimodal` (pictures, sounds, words) or `text`",
        ),
    ]
    value: Annotated[Words, Field(description="words, or a feature's id")]
    type: Annotated[
        Literal["text", "feature", "url", "base64"],
        AfterValidator(_is_offered),
        Field(description="`feature`, an extension of this server, takes a feature's own vector; others: not offered"),
    ]
    filters: Filters | None = None
    settings: QuerySettings | None = None


class GroupFeatures(BaseModel):
    """Results with the same value of a field come together, at the place of the best one."""

    model_config = Strict

    field: str = "asset_id"
    max_features: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    sort: Sort | None = None

    @property
    def arrangement(self) -> GroupBy:
        """The same for `paging.arranged`."""
        return GroupBy(field=self.field, max_assets=self.max_features, sort=self.sort)


class Reranking(BaseModel):
    """Ranking by what users did with earlier results, which is not offered."""

    model_config = Strict

    enable_reranking: bool | None = False
    weights: dict[str, float] | None = None


def _is_off(reranking: Reranking) -> Reranking:
    if reranking.enable_reranking:
        raise ValueError("this server records no interactions to rank by: leave reranking_options out")
    return reranking


class SearchRequest(BaseModel):
    """A search. Without queries it returns all features; several queries are fused by reciprocal rank."""

    model_config = Strict

    collections: Annotated[list[str], Field(max_length=1_000)]
    queries: Annotated[list[SearchQuery] | None, Field(max_length=10)] = None
    filters: Filters | None = None
    group_by: GroupFeatures | None = None
    sort: Sort | None = None
    select: Annotated[list[str] | None, Field(max_length=100)] = None
    reranking_options: Annotated[Reranking, AfterValidator(_is_off)] | None = None
    session_id: Annotated[str | None, Field(description="ignored")] = None
    return_url: bool | None = None


class FoundFeature(Feature):
    """A feature that was found."""

    score: float | None = Field(
        description="of one query: cosine similarity; of several: the sum of 1 / (60 + rank); of none: null"
    )
    query_scores: list[float | None] = Field(
        default=[], description="of several queries: the cosine similarity to each that found it"
    )


class SearchPagination(BaseModel):
    """The position of a page of results; neighbours are addresses relative to the server."""

    total: int | None = Field(description="null with filters, unless this is the last page")
    page: int
    current_page: int
    page_size: int
    total_pages: int | None
    next_page: str | None
    previous_page: str | None


class SearchReply(BaseModel):
    """A page of results, best first."""

    results: list[FoundFeature]
    pagination: SearchPagination
    score_floors: dict[ModalityName, float] | None = Field(
        default=None,
        description="extension, of one query by words: below the floor of its modality, a result is nothing like them",
    )
