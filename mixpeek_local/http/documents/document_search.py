"""The search for documents: the nearest in one of their named vectors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from mixpeek_local.extract.floors import floors
from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.extract.records import Modality, Vector
from mixpeek_local.http.documents.document_body import Bodies, Body
from mixpeek_local.http.documents.search_requests import FeatureQuery
from mixpeek_local.http.replies import invalid
from mixpeek_local.search.document_filters import Part, predicate
from mixpeek_local.search.nearest import Nearest, Ranking, Scope
from mixpeek_local.search.query_vectors import Embedder, NotSearchableError, vector_of_feature
from mixpeek_local.store.documents.collections import Collection
from mixpeek_local.store.documents.documents import PREFIX, Documents
from mixpeek_local.store.store import Store

_FIRST_READ, _MOST_READ = 64, 2_048


@dataclass(frozen=True)
class Sought:
    """A search.

    Attributes:
        feature_uri: The address of the vector index.
        query: What to look for.
        top_k: The most documents.
        filters: All of these must be met.
        min_score: The smallest cosine similarity.
        inputs: For the placeholders in the query.
        place: Of the search in the request, for reports of mistakes.
    """

    feature_uri: str
    query: FeatureQuery
    top_k: int
    filters: Sequence[Part | None] = ()
    min_score: float | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    place: tuple[str | int, ...] = ("body",)

    @property
    def index(self) -> str:
        """The name of the vector."""
        return self.feature_uri.rpartition("/")[2]

    @property
    def floors(self) -> Mapping[Modality, float] | None:
        """Of words: the lowest score at which a document of each modality resembles them."""
        return floors(self.index) if self.query.input_mode == "text" else None


class DocumentSearch:
    """Searches the documents of a store.

    Args:
        store: Where they are.
        embed: Turns words into vectors.
        nearest: Ranks features by their vectors.
    """

    def __init__(self, store: Store, embed: Embedder, nearest: Nearest) -> None:
        self._store = store
        self._embed = embed
        self._nearest = nearest

    def found(self, namespace_id: str, collections: Sequence[Collection], sought: Sought) -> list[Body]:
        """The documents that are nearest to what is sought, with their scores, best first.

        Raises:
            RequestValidationError: This server cannot do this search; the message says why.
        """
        index = sought.index
        having = [one for one in collections if one.feature_uri(index) == sought.feature_uri]
        if not having or index not in vectors_offered():
            known = {one.feature_uri(name): None for one in collections for name in sorted(vectors_offered())}
            raise _mistake(sought, "feature_uri", f"no collection has this index; they have {', '.join(known)}")
        scope = Scope(namespace_id, tuple(one.collection_id for one in having))
        try:
            vector = self._vector(sought, index)
        except NotSearchableError as reason:
            raise _mistake(sought, "query", str(reason)) from None
        ranking = self._nearest.rank(index, vector, scope, min_score=sought.min_score)
        tests = [predicate(one) for one in sought.filters if one is not None]
        passing = (body for body in self._bodies(ranking, having) if all(test(body) for test in tests))
        return list(islice(passing, sought.top_k))

    def _vector(self, sought: Sought, index: str) -> Vector:
        query = sought.query
        if query.document_ref is not None and query.input_mode == "document":
            return vector_of_feature(self._store, query.document_ref.document_id.removeprefix(PREFIX), index)
        if query.input_mode == "text":
            return self._embed(query.filled(sought.inputs), index)
        vector = np.array(query.numbers, np.float32)
        if not np.isfinite(vector).all() or not vector.any():
            raise NotSearchableError("the vector has no direction")
        return vector

    def _bodies(self, ranking: Ranking, collections: Sequence[Collection]) -> Iterator[Body]:
        """The documents with their scores, read in growing portions, because few may be needed."""
        documents = Documents(self._store.database, [one.collection_id for one in collections])
        bodies = Bodies(collections, self._store.previews)
        scores = [] if ranking.scores is None else ranking.scores.tolist()
        hits, portion = zip(ranking.places.tolist(), scores, strict=True), _FIRST_READ
        while some := list(islice(hits, portion)):
            rows = documents.at([place for place, _ in some])
            for place, score in some:
                if row := rows.get(place):  # unless it was deleted meanwhile
                    yield bodies.document(row) | {"score": score}
            portion = min(2 * portion, _MOST_READ)


def _mistake(sought: Sought, name: str, message: str) -> Exception:
    return invalid([*sought.place, name], message)
