"""The shapes of replies, for the OpenAPI document, with the fields of all profiles.

Replies do not pass through these models (vectors go from the file to the wire); a test compares the two.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["QUEUED", "DOWNLOADING", "PROCESSING", "UPLOADING", "DONE", "FAILED", "SKIPPED", "CANCELLED"]
ModalityName = Literal["video", "image", "text", "audio"]


class Queued(BaseModel):
    """A queued video (contract b2)."""

    task_id: str
    message: str = ""
    status: Status = "QUEUED"
    inputs: list[str] = []
    outputs: list[str] = []


class Task(BaseModel):
    """A task (guide, step 2; contract b3)."""

    task_id: str
    status: Status
    asset_id: str | None = None
    inputs: list[str] = Field(default=[], description="the video's URL")
    outputs: list[str] = Field(default=[], description="the asset's id, once the task is done")
    progress: float = Field(default=0, ge=0, le=1, description="an extension of this server")
    error: str | None = Field(default=None, description="why it failed")


class Cancelled(BaseModel):
    """The reply to a cancellation."""

    message: str
    task_id: str
    status: Status


class Deleted(BaseModel):
    """Something was deleted."""

    message: str


class CollectionDeleted(Deleted):
    """A collection was deleted; as in the reference (S18.5), by a task."""

    task_id: str


class Asset(BaseModel):
    """A video that was ingested (guide, step 3; contract b4). With `select`, only the selected fields."""

    asset_id: str
    collection_id: str = ""
    status: Status | None = None
    url: str | None = None
    preview_url: str | None = Field(default=None, description="its picture, which any page may show")
    preview_file: str | None = Field(default=None, description="its file, an extension of this server")
    metadata: dict[str, Any] = {}
    error: str | None = None
    modality: ModalityName | None = None
    task_id: str = ""
    file_hash: str | None = Field(default=None, description="SHA-256 of the content")
    unique_hash: str | None = Field(default=None, description="the guide's name for file_hash")
    file_data: dict[str, Any] = {}
    duplicate_of: str | None = None
    score: float | None = None
    created_at: str = Field(default="", description="UTC, without a zone")
    updated_at: str = Field(default="", description="UTC, without a zone")


class Feature(BaseModel):
    """A moment of a video (guide, steps 3 and 4; contract b5). With `select`, only the selected fields."""

    model_config = ConfigDict(extra="allow")

    feature_id: str
    modality: ModalityName | None = None
    asset_id: str = ""
    collection_id: str = ""
    metadata: dict[str, Any] = {}
    created_at: str = Field(default="", description="UTC, ending in Z")
    start_time: float = Field(default=0, description="seconds")
    end_time: float = Field(default=0, description="seconds")
    text: str | None = None
    transcription: str | None = None
    description: str | None = None
    preview_url: str | None = Field(default=None, description="its picture, which any page may show")
    preview_file: str | None = Field(default=None, description="its file, an extension of this server")
    url: str | None = Field(default=None, description="the video's address, when asked for")
    vectors: dict[str, list[float]] = Field(default={}, description="named vectors, when asked for")


class FeaturesByModality(BaseModel):
    """An asset's features, one list for each modality."""

    video: list[Feature]
    image: list[Feature]
    text: list[Feature]
    audio: list[Feature]


class AssetWithFeatures(BaseModel):
    """An asset with its features (guide, step 3)."""

    asset: Asset
    features: FeaturesByModality


class Collection(BaseModel):
    """The assets that were ingested under one name."""

    collection_id: str
    collection_name: str
    namespace_id: str
    metadata: dict[str, Any]
    preview_url: str | None
    count: int = Field(description="of assets")
    size_bytes: int = Field(description="of their vectors")
    created_at: str
    last_updated: str


class Namespace(BaseModel):
    """A separate store with its own collections; the first video ingested into it creates it."""

    namespace_id: str
    namespace_name: str
    vector_indexes: list[str]
    embedding_models: list[str]
    payload_indexes: list[dict[str, Any]] | None


class VectorIndex(BaseModel):
    """A named vector (contract b6)."""

    supported_modalities: list[ModalityName]
    vector_type: Literal["dense"]
    size: int = Field(description="the length of the vector")


class VectorIndexes(BaseModel):
    """The named vectors that this server makes, under the names of both eras."""

    vector_indexes: dict[str, VectorIndex]
    embedding_models: dict[str, VectorIndex]
    payload_indexes: list[dict[str, str]]


class Pagination(BaseModel):
    """The position of a page in its list; neighbours are addresses relative to the server."""

    total: int
    page: int
    current_page: int
    page_size: int
    total_pages: int
    next_page: str | None
    previous_page: str | None


class TaskList(BaseModel):
    """A page of tasks."""

    results: list[Task]
    pagination: Pagination


class AssetList(BaseModel):
    """A page of assets."""

    results: list[Asset]
    pagination: Pagination


class FeatureList(BaseModel):
    """A page of features."""

    results: list[Feature]
    pagination: Pagination


class CollectionList(BaseModel):
    """A page of collections."""

    results: list[Collection]
    pagination: Pagination


class Health(BaseModel):
    """The state of the server."""

    status: Literal["ok"]
    version: str
    pid: int
    allowed_folders: list[str]
    allowed_hosts: list[str]
    senses: str = Field(description="which speech is understood: english or multilingual")
    missing: list[str]
