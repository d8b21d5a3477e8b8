"""The adapter of the style `assets`: one call a video, one a task, one an asset, one a feature."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from pydantic import SecretStr

from mixpeek_assets.api.assets import records
from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError, NotFoundError, SubmissionOutcomeUnknownError
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
from mixpeek_assets.api.transport import Call, RetryPolicy, Transport
from mixpeek_assets.api.units import Units
from mixpeek_assets.strict_json import JsonObject


class AssetsClient(Transport):
    """Calls the API of the guide: its paths without a prefix, the later ones with `/v1`.

    Args:
        api_url: Where the API is, without a trailing slash.
        api_key: Sent as the bearer token, and nowhere else.
        prefix: `/v1` for the paths from January 2025 on (contract, timeline).
        namespace: Sent as X-Namespace (contract b1).
        concurrency: How many requests are in flight at most.
        limit: The rate limit that all processes share; closed with the client.
        policy: Timeouts and attempts.
    """

    style: Style = "assets"
    units = Units()
    resumes = False

    def __init__(
        self,
        api_url: str,
        api_key: SecretStr,
        *,
        prefix: str = "",
        namespace: str | None = None,
        concurrency: int = 16,
        limit: RateLimit | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        super().__init__(
            api_url + prefix,
            api_key,
            namespace=namespace,
            concurrency=concurrency,
            limits={"": limit} if limit else None,
            policy=policy,
        )

    def submit(self, videos: Sequence[Video], ledger: Ledger) -> None:
        """Ask for videos to be processed, one by one (contract b2).

        Raises:
            SubmissionOutcomeUnknownError: the API may have accepted it.
            MixpeekError: the API did not accept it.
        """
        for video in videos:
            try:
                task_id = self.submit_video(
                    video.url,
                    video.collection,
                    metadata=video.metadata,
                    skip_duplicate=video.skip_duplicate,
                    feature_extractors=video.extractors,
                    replaces=video.replaces,
                )
            except (*ABORTS_RUN, SubmissionOutcomeUnknownError):
                raise
            except MixpeekError as error:
                # A duplicate may be refused at once, with an error that names the existing asset (contract b8).
                repeated = records.duplicated_asset(error.message)
                ledger.refused(video, str(error), repeated)
                if repeated is None:
                    raise
            else:
                ledger.accepted(video, task_id)

    def submit_video(
        self,
        url: str,
        collection: str,
        *,
        metadata: JsonObject | None = None,
        skip_duplicate: bool | None = None,
        feature_extractors: list[JsonObject] | None = None,
        replaces: str | None = None,
    ) -> str:
        """Ask for a video to be processed (contract b2) and return the id of its task; raises as `submit`."""
        body: JsonObject = {"url": url, "collection": collection}
        if metadata:
            body["metadata"] = metadata
        if skip_duplicate is not None:
            body["skip_duplicate"] = skip_duplicate
        if feature_extractors is not None:
            body["feature_extractors"] = feature_extractors
        if replaces is not None:
            body["asset_update"] = {"asset_id": replaces, "mode": "replace"}
        # A 404 for a replacement may mean that the API does not know the asset.
        by_id = replaces is not None
        call = Call("POST", "/ingest/videos/url", url, body=body, submits=True, by_id=by_id)
        task_id = records.read_task_id(reply := self.send(call))
        if task_id is None:
            message = self.masked(f"a reply without a task_id: {reply}")
            raise SubmissionOutcomeUnknownError(call.endpoint, message, url)
        return task_id

    def read_task(self, task_id: str, submissions: Sequence[Polled]) -> list[TaskReply]:
        """Read a task's status (contract b3)."""
        return [self._with_asset(self.get_task(task_id), submission.collection) for submission in submissions]

    def get_task(self, task_id: str) -> TaskReply:
        """Read a task's status (contract b3)."""
        return records.read_task(self.send(Call("GET", "/tasks/{id}", task_id)), task_id)

    def find_asset(self, task_id: str, collection: str) -> str | None:
        """Find the asset of a task whose reply names none: the last resort of contract b3."""
        filters = {"AND": [{"key": "task_id", "operator": "eq", "value": task_id}]}
        call = Call("POST", "/assets", task_id, body={"collections": [collection], "filters": filters})
        return records.read_found_asset(self.send(call), task_id)

    def fetch_assets(
        self, wanted: Sequence[Wanted]
    ) -> Iterator[tuple[Wanted, AssetReply | FeatureReply | MixpeekError]]:
        """Read assets, each with the list of its features (contract b4); their vectors are in no list."""
        for one in wanted:
            try:
                yield one, self.get_asset(one.asset_id)
            except ABORTS_RUN:
                raise
            except MixpeekError as error:
                yield one, error

    def get_asset(self, asset_id: str) -> AssetReply:
        """Read an asset with the list of its features (contract b4)."""
        return records.read_asset(self.send(Call("GET", "/assets/{id}/features", asset_id)), asset_id)

    def fetch_feature(self, feature_id: str, wanted: Wanted, collection_id: str | None) -> FeatureReply:
        """Read a feature with its named vectors (contract b5), which needs nothing but its id."""
        return self.get_feature(feature_id)

    def get_feature(self, feature_id: str) -> FeatureReply:
        """Read a feature with its named vectors (contract b5).

        The guide has `include_vectors`, the reference `return_vectors`: the call sends both.
        """
        call = Call("GET", "/features/{id}", feature_id, query="include_vectors=true&return_vectors=true")
        return records.read_feature(self.send(call), feature_id)

    def discard(self, wanted: Wanted) -> None:
        """Do nothing: a video that is submitted again replaces the content of its own asset (contract b2)."""

    def search(
        self,
        words: str,
        collections: Sequence[str],
        *,
        index: str = "multimodal",
        modality: str | None = None,
        limit: int = 10,
    ) -> SearchReply:
        """Find the features nearest to some words (contract b5), nearest first.

        Args:
            words: What to look for.
            collections: Names or ids; at least one.
            index: The named vector to search; its key was renamed on 2024-12-28, so the call sends both.
            modality: Find only features of this modality.
            limit: How many to find at most, 1 to 100.

        Raises:
            MixpeekError: with status 404 or 405, the API offers no search.
        """
        query: JsonObject = {"vector_index": index, "embedding_model": index, "type": "text", "value": words}
        body: JsonObject = {"queries": [query], "collections": list(collections)}
        if modality is not None:
            body["filters"] = {"AND": [{"key": "modality", "operator": "eq", "value": modality}]}
        call = Call("POST", "/features/search", words, query=f"page_size={limit}", body=body)
        return records.read_search(self.send(call))

    def probe(self) -> None:
        """Ask for a task that cannot exist: the API's own 404 shows that it answers and accepts the key.

        Raises:
            MixpeekError: it does not.
        """
        with suppress(NotFoundError):
            self.send(Call("GET", "/tasks/{id}", "00000000-0000-0000-0000-000000000000"))

    def account(self) -> Account | None:
        """Return None: no call of this style is about the account."""
        return None

    def prepare(self, videos: Mapping[str, int], extractors: list[JsonObject] | None) -> Preparation:
        """Return nothing: the API makes a missing collection itself, and estimates no cost."""
        return Preparation()

    def _with_asset(self, reply: TaskReply, collection: str) -> TaskReply:
        """Look up the asset of a finished task that names none (contract b3)."""
        if reply.state not in ("done", "skipped") or reply.asset_id is not None:
            return reply
        asset_id = None
        with suppress(NotFoundError):  # this API has no such lookup
            asset_id = self.find_asset(reply.task_id, collection)
        if asset_id is not None:
            return replace(reply, asset_id=asset_id)
        error = {"reason": f"the task is {reply.status}, but names no asset, and the API finds none for it"}
        return replace(reply, state="failed", error=error)
