"""The bodies that create namespaces and collections in the earlier eras. Unknown fields are ignored."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mixpeek_local.http.ingest import Metadata, Text, has_no_zero_byte
from mixpeek_local.http.vector_names import VectorName

Name = Annotated[Text, AfterValidator(has_no_zero_byte), Field(max_length=256)]
Vectors = Annotated[list[VectorName], Field(max_length=100)]


class CreateNamespace(BaseModel):
    """A namespace to create; the field of its vectors was renamed in December 2024."""

    model_config = ConfigDict(strict=True)

    namespace_name: Name
    vector_indexes: Vectors | None = None
    embedding_models: Vectors | None = None
    payload_indexes: Annotated[list[Metadata], Field(max_length=1_000)] | None = None

    @property
    def vectors(self) -> list[str]:
        """The names of its vectors."""
        named = [*(self.vector_indexes or ()), *(self.embedding_models or ())]
        return sorted(set(named))


class CreateCollection(BaseModel):
    """A collection to create, or its new name and metadata."""

    model_config = ConfigDict(strict=True)

    collection_name: Name
    metadata: Metadata | None = None


CREATES_NAMESPACE: frozenset[str] = frozenset({"vector_indexes", "embedding_models"})
"""One of these keys tells this body from that of today."""
