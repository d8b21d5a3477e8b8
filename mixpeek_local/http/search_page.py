"""The search for features (contract b5): queries become rankings, rankings become a page of results."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import fsum

from mixpeek_local.extract.floors import floors
from mixpeek_local.extract.records import Modality
from mixpeek_local.http.paging import Item, arranged, selected
from mixpeek_local.http.payloads import feature_body
from mixpeek_local.http.replies import invalid
from mixpeek_local.http.search_request import (
    DEFAULT_LIMIT,
    MAX_OFFSET,
    QuerySettings,
    SearchQuery,
    SearchRequest,
)
from mixpeek_local.search.filters import Filters, predicate
from mixpeek_local.search.nearest import Nearest, Ranking, Scope
from mixpeek_local.search.query_vectors import Embedder, NotSearchableError, vector_of_feature
from mixpeek_local.store.database import as_json
from mixpeek_local.store.store import FEATURE, Store

_RRF_K = 60
"""Of reciprocal rank fusion (contract b5): each ranking gives its results 1 / (k + rank)."""

_FIRST_READ, _MOST_READ = 64, 2_048


@dataclass(frozen=True)
class Hit:
    """A feature that was found, by its row number."""

    place: int
    score: float | None = None
    query_scores: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Found:
    """A page of results.

    Attributes:
        items: Bodies of features, with their scores.
        total: How many results all pages have; None if they were not counted.
        more: Whether more follow.
        floors: Of one query by words: the lowest score at which a feature of each modality resembles them.
    """

    items: list[Item]
    total: int | None
    more: bool
    floors: Mapping[Modality, float] | None = None


class Search:
    """Searches a store.

    Args:
        store: Where the features are.
        embed: Turns words into vectors.
        nearest: Ranks features by their vectors; by default its own.
    """

    def __init__(self, store: Store, embed: Embedder, nearest: Nearest | None = None) -> None:
        self._store = store
        self._embed = embed
        self._nearest = nearest or Nearest(store.database)

    def page(self, request: SearchRequest, namespace: str, offset: int, size: int) -> Found:
        """Find features; those with equal scores come in the order in which they were stored.

        Args:
            request: What to search, and how to arrange the results that pages reach.
            namespace: Where to search.
            offset: How many results come before the page.
            size: How many it has at most.

        Raises:
            RequestValidationError: This server cannot do this search; the message says why.
        """
        hits, total = self._found(request, Scope(namespace, tuple(request.collections)))
        if request.sort or request.group_by:
            items = self._items(islice(hits, MAX_OFFSET), request)
            items = arranged(items, request.sort, request.group_by and request.group_by.arrangement)
            total, more = len(items), offset + size < len(items)
            items = items[offset : offset + size]
        else:
            window = list(islice(hits, offset + size + 1))
            more = len(window) > offset + size
            total = total if more else len(window)
            items = list(self._items(window[offset : offset + size], request))
        items = [selected(item, request.select, "feature_id", "score") for item in items]
        return Found(items, total, more, _floors(request))

    def _found(self, request: SearchRequest, scope: Scope) -> tuple[Iterator[Hit], int | None]:
        """The hits, best first, and their number, unless counting would mean reading them all."""
        queries = request.queries or []
        if not queries:
            return self._passing(self._nearest.all(scope), request.filters)
        rankings = [self._ranking(query, number, scope) for number, query in enumerate(queries)]
        passing = [
            self._passing(ranking, request.filters, query.filters)
            for ranking, query in zip(rankings, queries, strict=True)
        ]
        if len(queries) == 1:
            return passing[0]
        limits = [(query.settings or QuerySettings()).limit or DEFAULT_LIMIT for query in queries]
        fused = _fused([list(islice(hits, limit)) for (hits, _), limit in zip(passing, limits, strict=True)])
        return iter(fused), len(fused)

    def _ranking(self, query: SearchQuery, number: int, scope: Scope) -> Ranking:
        settings = query.settings or QuerySettings()
        by_words = query.type == "text"
        try:
            if by_words:
                vector = self._embed(query.value, query.index)
            else:
                vector = vector_of_feature(self._store, query.value, query.index)
        except NotSearchableError as reason:
            raise invalid(["body", "queries", number], str(reason)) from None
        ranking = self._nearest.rank(
            query.index, vector, scope, modality=settings.modality, min_score=settings.min_score
        )
        if by_words:
            return ranking
        feature = self._store.feature(query.value)  # it would be its own best hit
        return ranking if feature is None else ranking.without(feature["place"])

    def _passing(self, ranking: Ranking, *filters: Filters | None) -> tuple[Iterator[Hit], int | None]:
        hits = _hits(ranking)
        tests = [predicate(one) for one in filters if one is not None]
        if not tests:
            return hits, len(ranking.places)
        return (hit for hit, body in self._bodies(hits) if all(test(body) for test in tests)), None

    def _items(self, hits: Iterable[Hit], request: SearchRequest) -> Iterator[Item]:
        for hit, body in self._bodies(hits):
            url = body.pop("url")
            item = body | {"score": hit.score}
            if request.return_url:
                item["url"] = url
            if hit.query_scores:
                item["query_scores"] = hit.query_scores
            yield item

    def _bodies(self, hits: Iterable[Hit]) -> Iterator[tuple[Hit, Item]]:
        """The features with the URL of their video, read in growing portions, because few may be needed."""
        hits, portion = iter(hits), _FIRST_READ
        query = f"{FEATURE} WHERE features.rowid IN (SELECT value FROM json_each(?))"  # noqa: S608 - of a constant
        while some := list(islice(hits, portion)):
            given = as_json([hit.place for hit in some])
            rows = {row["place"]: row for row in self._store.database.connection().execute(query, (given,))}
            for hit in some:
                if row := rows.get(hit.place):  # unless it was deleted meanwhile
                    yield hit, feature_body(row, self._store.previews) | {"url": row["url"]}
            portion = min(2 * portion, _MOST_READ)


def _floors(request: SearchRequest) -> Mapping[Modality, float] | None:
    match request.queries:
        case [SearchQuery(type="text", index=index)]:
            return floors(index)
        case _:  # the scores are no similarities to words
            return None


def _hits(ranking: Ranking) -> Iterator[Hit]:
    if ranking.scores is None:
        return map(Hit, ranking.places.tolist())
    return map(Hit, ranking.places.tolist(), ranking.scores.tolist())


def _fused(lists: list[list[Hit]]) -> list[Hit]:
    """Fuse several lists: features that rank well in many come first."""
    ranks: dict[int, list[float]] = {}
    scores: dict[int, list[float | None]] = {}
    for number, hits in enumerate(lists):
        for rank, hit in enumerate(hits, start=1):
            ranks.setdefault(hit.place, []).append(1 / (_RRF_K + rank))
            scores.setdefault(hit.place, [None] * len(lists))[number] = hit.score
    fused = [Hit(place, fsum(shares), tuple(scores[place])) for place, shares in ranks.items()]
    return sorted(fused, key=lambda hit: (-(hit.score or 0), hit.place))
