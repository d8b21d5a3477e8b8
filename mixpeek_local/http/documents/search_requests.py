"""The bodies of searches: `POST /features/search`, and a retriever of one stage that is executed without being kept."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from mixpeek_local.http.documents.strict import OpenBody, StrictBody
from mixpeek_local.search.document_filters import Filtering

_INPUT = re.compile(r"\{\{\s*inputs?\.(\w+)\s*\}\}", re.IGNORECASE)

Names = Annotated[list[str], Field(max_length=1_000)]
Words = Annotated[str, Field(max_length=8_192)]
Numbers = Annotated[list[float], Field(min_length=1, max_length=100_000)]


def _is_offered(mode: str) -> str:
    if mode not in ("text", "vector", "document"):
        raise ValueError(f"this server searches by text, by a vector and by a document, not by {mode}")
    return mode


class DocumentRef(StrictBody):
    """A document whose own vector is looked for."""

    collection_id: str | None = None
    document_id: str


class FeatureQuery(StrictBody):
    """What to look for: words, a vector, or a document's own."""

    input_mode: Annotated[str, AfterValidator(_is_offered)] = "text"
    text: Words | None = None
    value: Words | Numbers | None = None
    vector: Numbers | None = None
    document_ref: DocumentRef | None = None
    embedding_task: str | None = None
    url: str | None = None
    image: str | None = None

    @model_validator(mode="after")
    def _has_what_its_mode_needs(self) -> "FeatureQuery":
        if self.input_mode == "text" and not (self.words or "").strip():
            raise ValueError("a query by text needs `text`")
        if self.input_mode == "vector" and self.numbers is None:
            raise ValueError("a query by a vector needs `vector`")
        if self.input_mode == "document" and self.document_ref is None:
            raise ValueError("a query by a document needs `document_ref`")
        return self

    @property
    def words(self) -> str | None:
        """The words, under either of their names."""
        return self.value if isinstance(self.value, str) else self.text

    @property
    def numbers(self) -> list[float] | None:
        """The vector, under either of its names."""
        return self.value if isinstance(self.value, list) else self.vector

    def filled(self, inputs: dict[str, Any]) -> str:
        """The words with the inputs in the places of `{{INPUT.name}}`."""
        return _INPUT.sub(lambda found: str(inputs.get(found[1], "")), self.words or "")


class SearchFeatures(StrictBody):
    """A search in one vector index."""

    collection_identifiers: Names | None = None
    query: FeatureQuery
    feature_uri: str = "mixpeek://text_extractor@v1/embedding"
    top_k: Annotated[int, Field(ge=1, le=1_000)] = 25
    filters: Filtering | None = None


class StageSearch(OpenBody):
    """One search of a stage."""

    feature_uri: Annotated[str, Field(min_length=1)]
    query: FeatureQuery
    top_k: Annotated[int, Field(ge=1, le=5_000)] = 100
    min_score: Annotated[float | None, Field(ge=-1, le=1)] = None
    filters: Filtering | None = None
    collection_identifiers: Names | None = None


class StageParameters(OpenBody):
    """The settings of a stage that searches."""

    searches: Annotated[list[StageSearch], Field(min_length=1, max_length=1)]
    final_top_k: Annotated[int, Field(ge=1, le=5_000)] = 25
    pre_filters: Filtering | None = None


class StageConfig(OpenBody):
    """What a stage does: this server has one kind."""

    stage_id: Literal["feature_search"]
    parameters: StageParameters


class Stage(OpenBody):
    """A stage."""

    stage_name: Annotated[str, Field(min_length=1, max_length=256)]
    stage_type: str | None = None
    config: StageConfig


class ExecuteRetriever(StrictBody):
    """A retriever that is executed and not kept: one stage, which searches one index."""

    collection_identifiers: Names | None = None
    collection_ids: Names | None = None
    input_schema: dict[str, Any] | None = None
    stages: Annotated[list[Stage], Field(min_length=1, max_length=1)]
    inputs: dict[str, Any] | None = None
    filters: Filtering | None = None
    pre_filters: Filtering | None = None
    budget_limits: dict[str, Any] | None = None
    pagination: dict[str, Any] | None = None
    limit: Annotated[int | None, Field(ge=1, le=500)] = None
    page_size: Annotated[int | None, Field(ge=1, le=500)] = None
    stream: Literal[False] | None = None
