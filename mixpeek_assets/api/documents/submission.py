"""A submission in three steps, each kept before the next: objects, a draft batch, its start (today's contract, 12).

A lost answer is decided by reading. Objects may be sent again: their idempotency key returns the one that is there. A
draft may be made again: it costs nothing, and expires. A batch that may have been started is read.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mixpeek_assets.api.documents.calls import Calls
from mixpeek_assets.api.documents.site import Site
from mixpeek_assets.api.errors import (
    AccessDeniedError,
    MixpeekError,
    NameTakenError,
    NotFoundError,
    PermanentError,
    SubmissionOutcomeUnknownError,
    TransientError,
    UnreadableReplyError,
)
from mixpeek_assets.api.port import Ledger, Video
from mixpeek_assets.api.values import excerpt, text
from mixpeek_assets.strict_json import JsonObject, is_list, is_object

OBJECTS_PER_CALL = 100
"""How many objects one call may make (today's contract, 2)."""

_OBJECTS = "/buckets/{bucket}/objects/batch"

_STARTS = 3
"""How often a batch is started that is still a draft afterwards, or has expired as one."""


@dataclass(frozen=True)
class Submission:
    """Submits videos of one collection.

    Attributes:
        calls: Sends the calls.
        site: Where the videos go.
        ledger: Keeps each step.
        seconds: After how long a batch is started with the objects that it has, if more are to come.
    """

    calls: Calls
    site: Site
    ledger: Ledger
    seconds: float

    def run(self, videos: Sequence[Video]) -> None:
        """Submit videos, from the step that each has reached.

        Raises:
            TransientError: what became of some is not known yet; the ledger has how far they are.
            AccessDeniedError: nothing can be submitted.
        """
        drafted: dict[str, list[Video]] = {}
        waiting, began = [video for video in videos if video.asset_id and not video.task_id], time.monotonic()
        for video in videos:
            if video.task_id:
                drafted.setdefault(video.task_id, []).append(video)
        for batch_id, members in drafted.items():
            waiting += self._resume(batch_id, members)
        unknown = [video for video in videos if not video.asset_id and not video.task_id]
        for start in range(0, len(unknown), OBJECTS_PER_CALL):
            waiting += self._register(unknown[start : start + OBJECTS_PER_CALL])
            if time.monotonic() - began > self.seconds:
                self._process(waiting)
                waiting, began = [], time.monotonic()
        self._process(waiting)

    def _resume(self, batch_id: str, videos: Sequence[Video]) -> Sequence[Video]:
        """Go on with a batch; return its videos if they need another one.

        A batch is started once all of its videos are kept as its own. So a draft that holds others was never started,
        and those others may go another way: it is left to expire, or they would be processed twice.
        """
        batch = self._read(batch_id)
        state = _state(batch)
        if state == "draft":
            objects = batch.get("object_ids")
            if not is_list(objects) or not {video.asset_id for video in videos}.issuperset(map(text, objects)):
                return videos
            self._start(batch_id, videos)
        elif state == "gone":
            return videos
        else:
            self._accept(batch_id, videos)
        return []

    def _register(self, videos: Sequence[Video]) -> list[Video]:
        """Make the objects, and return the videos with their ids; those that are refused are left out."""
        try:
            body = self.calls.post(
                _OBJECTS,
                {"objects": [_object(video) for video in videos]},
                ids={"bucket": self.site.bucket_id},
                reads_failures=True,
            )
        except (AccessDeniedError, NotFoundError, UnreadableReplyError):
            raise
        except PermanentError as error:
            # One that cannot be taken at all, such as metadata with a reserved name, has all of them refused.
            if len(videos) == 1:
                self._refuse(videos, error)
                return []
            half = len(videos) // 2
            return [*self._register(videos[:half]), *self._register(videos[half:])]
        return self._registered(body, videos)

    def _registered(self, body: JsonObject, videos: Sequence[Video]) -> list[Video]:
        made, refused = _read_objects(body, videos)
        registered: list[Video] = []
        unknown: list[str] = []
        for index, video in enumerate(videos):
            if object_id := made.get(video.video_id):
                self.ledger.registered(video, object_id)
                registered.append(replace(video, asset_id=object_id))
            elif (failure := refused.get(index)) and failure.is_final:
                self.ledger.refused(video, f"POST {_OBJECTS} for {video.url}: {failure.reason}")
            else:
                unknown.append(failure.reason if failure else "the reply does not speak of it")
        if unknown:
            message = f"{len(unknown)} of {len(videos)} objects are not made: {unknown[0]}"
            raise TransientError(f"POST {_OBJECTS}", message)
        return registered

    def _process(self, videos: Sequence[Video], drafts: int = _STARTS) -> None:
        """Put videos into a draft batch, and start it; `drafts` is how many may be lost on the way."""
        if not videos:
            return
        path = "/buckets/{bucket}/batches"
        sent: JsonObject = {
            "object_ids": [video.asset_id for video in videos],
            "collection_ids": [self.site.collection_id],
            "batch_name": f"mixpeek_assets {uuid.uuid4()}",
        }
        try:
            body = self.calls.post(path, sent, ids={"bucket": self.site.bucket_id})
        except (AccessDeniedError, UnreadableReplyError):
            raise
        except PermanentError as error:
            # An object that is gone has the whole batch refused, which names it.
            named = [video for video in videos if video.asset_id and video.asset_id in error.message]
            self._refuse(named or videos, error)
            self._process([video for video in videos if video not in named] if named else [], drafts)
            return
        batch_id = text(body.get("batch_id"))
        if batch_id is None:
            raise TransientError(f"POST {path}", f"a reply without a batch_id: {excerpt(body)}")
        for video in videos:
            self.ledger.drafted(video, batch_id)
        self._start(batch_id, videos, drafts)

    def _start(self, batch_id: str, videos: Sequence[Video], drafts: int = _STARTS) -> None:
        """Start a batch, unless it was started already, and read what became of a lost answer."""
        force, last = False, TransientError("GET /batches/{id}", "the batch is not started", batch_id)
        for _ in range(_STARTS):
            try:
                self._send_start(batch_id, force=force)
                break
            except AccessDeniedError:
                raise
            except (SubmissionOutcomeUnknownError, PermanentError) as error:
                # Another batch of this collection is under way; no video of ours is in both.
                force = force or isinstance(error, NameTakenError)
                state = _state(self._read(batch_id))
                if state == "started":
                    break
                if state == "gone" and drafts:
                    self._process(videos, drafts - 1)
                    return
                if isinstance(error, PermanentError) and not isinstance(error, NameTakenError):
                    self._refuse(videos, error)
                    return
                last = error
        else:
            raise TransientError(last.endpoint, f"the batch is still a draft: {last.message}", batch_id, last.status)
        self._accept(batch_id, videos)

    def _accept(self, batch_id: str, videos: Sequence[Video]) -> None:
        for video in videos:
            self.ledger.accepted(video, batch_id)

    def _send_start(self, batch_id: str, *, force: bool) -> None:
        self.calls.post(
            "/buckets/{bucket}/batches/{id}/submit",
            {"include_processing_history": True},
            batch_id,
            ids={"bucket": self.site.bucket_id},
            query="force=true" if force else "",
            category="compute",
            submits=True,
        )

    def _read(self, batch_id: str) -> JsonObject:
        """Read a batch; nothing where it was deleted."""
        try:
            return self.calls.get("/batches/{id}", batch_id, namespaced=False)
        except NotFoundError:
            return {}

    def _refuse(self, videos: Sequence[Video], error: MixpeekError) -> None:
        for video in videos:
            self.ledger.refused(video, str(error))


def _state(batch: JsonObject) -> str:
    """Say whether a batch is a `draft`, `started`, or `gone`: expired before it was started, or deleted."""
    if not batch:
        return "gone"
    status = (text(batch.get("status")) or "").upper()
    if status == "DRAFT":
        return "draft"
    # A draft that expired was never given a task. A batch that was canceled later has one.
    return "gone" if status in ("CANCELED", "CANCELLED") and not text(batch.get("task_id")) else "started"


def _object(video: Video) -> JsonObject:
    return {
        "blobs": [{"property": "video", "type": "video", "data": video.url}],
        "video_key": video.video_id,
        "metadata": video.metadata or {},
        "idempotency_key": f"{video.video_id}:{video.revision}",
    }


@dataclass(frozen=True)
class _Failure:
    """Why no object was made of a video, and whether to ask again would not help."""

    reason: str
    is_final: bool


def _read_objects(body: JsonObject, videos: Sequence[Video]) -> tuple[dict[str, str], dict[int, _Failure]]:
    """Return the ids of the objects by video, and why others were not made by place."""
    rows, failed = body.get("succeeded"), body.get("failed")
    made: dict[str, str] = {}
    refused: dict[int, _Failure] = {}
    for row in failed if is_list(failed) else []:
        index = row.get("object_index") if is_object(row) else None
        if isinstance(index, int):
            kind = text(row.get("error_type"))
            reason = excerpt(text(row.get("error")) or "no reason") + (f" ({kind})" if kind else "")
            refused[index] = _Failure(reason, is_final=(kind or "").lower() != "transient")
    places = iter(place for place in range(len(videos)) if place not in refused)
    for row in rows if is_list(rows) else []:
        place = next(places, None)
        if not is_object(row) or (object_id := text(row.get("object_id"))) is None:
            continue
        # The rows come in our order; their own key is the better witness.
        video_id = text(row.get("video_key")) or (videos[place].video_id if place is not None else None)
        if video_id:
            made[video_id] = object_id
    return made, refused
