"""The adapter of the style `documents`: videos are submitted, polled and fetched many at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from pydantic import SecretStr

from mixpeek_assets.api.documents.account import estimate, read_account, read_me
from mixpeek_assets.api.documents.batches import read_batch
from mixpeek_assets.api.documents.calls import Calls
from mixpeek_assets.api.documents.extractors import extractor_of
from mixpeek_assets.api.documents.listing import PAGE, Listing
from mixpeek_assets.api.documents.records import is_uncertain, read_document
from mixpeek_assets.api.documents.search import search
from mixpeek_assets.api.documents.site import Site, Sites
from mixpeek_assets.api.documents.submission import OBJECTS_PER_CALL, Submission
from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError, NotFoundError, NotYetVisibleError, TransientError
from mixpeek_assets.api.port import (
    Account,
    AssetReply,
    FeatureReply,
    Ledger,
    Polled,
    Preparation,
    SearchReply,
    Style,
    TaskReply,
    Video,
    Wanted,
)
from mixpeek_assets.api.rate_limit import RateLimit
from mixpeek_assets.api.transport import RetryPolicy, Transport
from mixpeek_assets.api.units import Units
from mixpeek_assets.strict_json import JsonObject

DEFAULT_NAMESPACE = "mixpeek_assets"
"""Made where no namespace is named."""

CATEGORIES = ("metadata", "data", "search", "compute")
"""The rate limits that calls of ours count for (today's contract, 8)."""

ASSETS_PER_FETCH = 25
"""How many assets are listed together: with their features, a few pages."""

Of = TypeVar("Of", Video, Wanted)


class DocumentsClient(Transport):
    """Calls the API of today: namespaces, buckets, objects, batches, collections, documents.

    Args:
        api_url: Where the API is, with or without `/v1`.
        api_key: Sent as the bearer token, and nowhere else.
        namespace: Its name or id. None: one is made.
        extractors: The settings of the extractor, for searches.
        concurrency: How many requests are in flight at most.
        limits: The rate limits by category, shared by all processes; closed with the client.
        videos_per_batch: How many videos a batch holds at most.
        batch_seconds: After how long a batch is started with what it has.
        ttl_seconds: How long the namespace lasts, where it is made although it is named; None: for ever, and it is not.
        policy: Timeouts and attempts.
    """

    style: Style = "documents"
    resumes = True

    def __init__(
        self,
        api_url: str,
        api_key: SecretStr,
        *,
        namespace: str | None = None,
        extractors: list[JsonObject] | None = None,
        concurrency: int = 16,
        limits: Mapping[str, RateLimit] | None = None,
        videos_per_batch: int = 100,
        batch_seconds: float = 60,
        ttl_seconds: int | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        base = f"{api_url.removesuffix('/v1')}/v1"
        super().__init__(base, api_key, concurrency=concurrency, limits=limits, policy=policy)
        self.units = units_of(videos_per_batch)
        self._seconds, self._extractors = batch_seconds, extractors
        self._calls = Calls(self, namespace or DEFAULT_NAMESPACE)
        self._sites = Sites(
            self._calls,
            self._calls.namespace,
            may_make=namespace is None or ttl_seconds is not None,
            ttl_seconds=ttl_seconds,
        )
        self._ways: dict[str, int] = {}

    def submit(self, videos: Sequence[Video], ledger: Ledger) -> None:
        """Submit videos, in batches of their own for each collection; raises as `Submission.run`.

        Raises:
            SetupError: the account's side of a collection cannot be used, or made.
        """
        for (collection, _), some in _by_site(videos):
            site = self._sites.find_or_make(collection, extractor_of(some[0].extractors))
            Submission(self._calls, site, ledger, self._seconds).run(some)

    def read_task(self, task_id: str, submissions: Sequence[Polled]) -> list[TaskReply]:
        """Read a batch once, for all of its videos."""
        return read_batch(self._calls, task_id, submissions)

    def fetch_assets(
        self, wanted: Sequence[Wanted]
    ) -> Iterator[tuple[Wanted, AssetReply | FeatureReply | MixpeekError]]:
        """Read objects with their documents and vectors, page by page."""
        for (collection, _), some in _by_site(wanted):
            try:
                site = self._site_of(collection, some[0].extractors)
                listing = Listing(self._calls, site, self._ways.get(site.collection_id, 0))
                yield from listing.run(some)
                self._ways[site.collection_id] = listing.way
            except ABORTS_RUN:
                raise
            except MixpeekError as error:  # before the first of them is whole
                yield from ((one, error) for one in some)

    def fetch_feature(self, feature_id: str, wanted: Wanted, collection_id: str | None) -> FeatureReply:
        """Read a document with its vectors.

        Raises:
            NotYetVisibleError: a vector is missing that may exist.
        """
        path = "/collections/{collection}/documents/{id}"
        site = self._site_of(wanted.collection, wanted.extractors)
        ids = {"collection": collection_id or site.collection_id}
        document = self._calls.get(path, feature_id, ids=ids, query="return_vectors=true")
        if is_uncertain(document):
            raise NotYetVisibleError(f"GET {path}", "a vector of it is missing that may exist", feature_id)
        return read_document(document, feature_id, site.vector_names)

    def discard(self, wanted: Wanted) -> None:
        """Delete the documents of an object, then the object."""
        site = self._sites.find(wanted.collection, extractor_of(wanted.extractors))
        if site is not None:
            Listing(self._calls, site, self._ways.get(site.collection_id, 0)).delete(wanted)

    def remove(self, collection: str) -> bool:
        """Delete a collection with its bucket and the namespace; raises as `Sites.remove`.

        Returns:
            Whether the namespace is gone.
        """
        return self._sites.remove(collection, extractor_of(self._extractors))

    def search(
        self,
        words: str,
        collections: Sequence[str],
        *,
        index: str = "multimodal",
        modality: str | None = None,
        limit: int = 10,
    ) -> SearchReply:
        """Find the documents nearest to some words; raises as `search.search`."""
        extractor = extractor_of(self._extractors)
        found = {name: self._sites.find(name, extractor) for name in collections}
        sites = {name: site for name, site in found.items() if site is not None}
        if not sites:
            names = ", ".join(collections)
            raise NotFoundError("GET /collections/{id}", "there is no such collection", names, 404)
        return search(self._calls, sites, words, index=index, modality=modality, limit=limit)

    def probe(self) -> None:
        """Ask whose key it is."""
        self.me()

    def me(self) -> Account:
        """Read whose key it is, and how much it may ask."""
        return read_me(self._calls)

    def account(self) -> Account | None:
        """Read the account's limits and balance."""
        return read_account(self._calls)

    def prepare(self, videos: Mapping[str, int], extractors: list[JsonObject] | None) -> Preparation:
        """Say which parts of the account's side are missing, and what processing the videos is estimated to cost.

        Raises:
            SetupError: what is there cannot be used.
        """
        makes = [part for name in videos for part in self._sites.missing(name, extractor_of(extractors))]
        total = sum(videos.values())
        cost = estimate(self._calls, total) if total else (None, None)
        return Preparation(list(dict.fromkeys(makes)), *cost)

    def _site_of(self, collection: str, extractors: list[JsonObject] | None) -> Site:
        """Return where the results of a submission are.

        Raises:
            TransientError: there is no such collection; nothing is taken for lost because of it.
        """
        extractor = extractor_of(extractors)
        site = self._sites.find(collection, extractor)
        if site is None:
            raise TransientError(
                "GET /collections/{id}",
                f"the namespace {self._calls.namespace} has no such collection: set MIXPEEK_NAMESPACE to the one that"
                " its videos were submitted to",
                collection + extractor.suffix,
                404,
            )
        return site


def units_of(videos_per_batch: int) -> Units:
    """Return what one request is about, where a batch holds so many videos."""
    return Units(
        videos_per_submission=videos_per_batch,
        videos_per_registration=OBJECTS_PER_CALL,
        requests_per_submission=2,
        assets_per_fetch=ASSETS_PER_FETCH,
        features_per_page=PAGE,
        note=f"A batch of up to {videos_per_batch:,} videos takes a request for its objects (one for each"
        f" {OBJECTS_PER_CALL}), one for the draft, and one to start it; a poll reads a whole batch; a fetch reads"
        f" {ASSETS_PER_FETCH} assets with {PAGE} features a page, vectors included.",
    )


def _by_site(items: Iterable[Of]) -> list[tuple[tuple[str, str], list[Of]]]:
    """Group by what has a collection of its own on the API's side."""
    groups: dict[tuple[str, str], list[Of]] = {}
    for item in items:
        groups.setdefault((item.collection, repr(item.extractors)), []).append(item)
    return list(groups.items())
