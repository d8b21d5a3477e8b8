"""Submitting videos: the intent is committed before each request, and the answer right after it."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice

from mixpeek_assets import clock
from mixpeek_assets.api.client import MixpeekClient
from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError, SubmissionOutcomeUnknownError, UnsendableError
from mixpeek_assets.api.records import JsonObject, duplicated_asset
from mixpeek_assets.pipeline.figures import StepFigures, StepMeter
from mixpeek_assets.pipeline.progress import Progress, Say, progress, say_nothing
from mixpeek_assets.strict_json import read_json, read_json_object
from mixpeek_assets.warehouse.landing_lines import EventState, TaskEvent
from mixpeek_assets.warehouse.rows import VideoToSubmit
from mixpeek_assets.warehouse.selection import SubmissionRules
from mixpeek_assets.warehouse.spool import Spool
from mixpeek_assets.warehouse.warehouse import Warehouse

_ROUNDS = 3
"""How many times a run sends a video whose submission's outcome is unknown."""


@dataclass
class SubmitResult:
    """The outcomes of a run's submissions, and what they took."""

    accepted: int = 0
    refused: int = 0
    lost: list[MixpeekError] = field(default_factory=list[MixpeekError])
    figures: StepFigures = field(default_factory=StepFigures)

    def add(self, answer: MixpeekError | None) -> None:
        """Count an answer."""
        if answer is None:
            self.accepted += 1
        elif isinstance(answer, SubmissionOutcomeUnknownError):
            self.lost.append(answer)
        else:
            self.refused += 1


def submit_videos(
    client: MixpeekClient,
    warehouse: Warehouse,
    partitions: Sequence[date],
    *,
    run_id: str,
    rules: SubmissionRules | None = None,
    deadline: timedelta = timedelta(hours=24),
    say: Say = say_nothing,
) -> SubmitResult:
    """Submit the videos of some partitions that are new or need another submission.

    A video whose submission's outcome is unknown is sent again with `skip_duplicate`, as another attempt.

    Args:
        client: The client of the API.
        warehouse: The warehouse with videos and tasks.
        partitions: The days whose videos are submitted.
        run_id: The run that submits them.
        rules: Which videos need a submission.
        deadline: How long after its submission an unfinished task is marked `lost`.
        say: Takes the sentences of `progress`.

    Raises:
        MixpeekError: nothing can be submitted (no server, a wrong key, no credits); what was sent is recorded.
    """
    submitted, rules, meter = SubmitResult(), rules or SubmissionRules(), StepMeter(client, warehouse)
    # A run does not resubmit what it has submitted itself.
    rules = replace(rules, runs=[*rules.runs, run_id])
    with warehouse.partitions_locked("submit", partitions):
        loaded = warehouse.load_pending()
        warehouse.mark_lost(partitions)
        for round_ in range(_ROUNDS):
            with warehouse.videos_to_submit(rules, partitions) as needed:
                wanted = len(submitted.lost) if round_ and needed else len(needed)
                if round_ and not wanted:
                    break
                with progress(say, client, "video", "submit again" if round_ else "submit", wanted) as work:
                    if not wanted:
                        break
                    videos = (video for video in needed if not round_ or video.why == "answer lost")
                    submitted.lost.clear()
                    with warehouse.spool("tasks") as spool:
                        _Submission(client, warehouse, spool, run_id, rules, deadline).send(videos, submitted, work)
                    loaded += spool.loaded
    submitted.figures = meter.figures(loaded)
    return submitted


class _Submission:
    """One pass over the videos, with a bounded number in flight."""

    def __init__(
        self,
        client: MixpeekClient,
        warehouse: Warehouse,
        spool: Spool,
        run_id: str,
        rules: SubmissionRules,
        deadline: timedelta,
    ) -> None:
        self._client, self._warehouse, self._spool, self._run_id = client, warehouse, spool, run_id
        self._extractors, self._deadline = rules.extractors, deadline
        self._unsent: dict[str, VideoToSubmit] = {}
        self._unsent_lock = threading.Lock()

    def send(self, videos: Iterable[VideoToSubmit], submitted: SubmitResult, work: Progress) -> None:
        try:
            with closing(map_concurrently(self._submit, self._committed(videos), self._client.concurrency)) as answers:
                for _, answer in answers:
                    submitted.add(answer)
                    work.count(failed=answer is not None)
        finally:
            # A video that was never sent must not look as if it might have been.
            with self._unsent_lock:
                for video in self._unsent.values():
                    self._record(video, state="withdrawn")
                self._unsent.clear()

    def _committed(self, videos: Iterable[VideoToSubmit]) -> Iterator[VideoToSubmit]:
        """Commit the intents of the next few videos, then yield them; earlier answers are loaded meanwhile.

        Runs in the thread that takes the next video, so that no batch waits for the end of the previous one.
        """
        size = 4 * self._client.concurrency
        remaining = iter(videos)
        while batch := list(islice(remaining, size)):
            self._spool.rotate(room_for=len(batch) + self._client.concurrency)  # so that no answer finds the disk full
            self._warehouse.insert_intents(batch, self._run_id, self._extractors)
            with self._unsent_lock:
                self._unsent.update({video.video_id: video for video in batch})
            yield from batch

    def _submit(self, video: VideoToSubmit) -> None:
        """Send one video, and record the answer at once."""
        with self._unsent_lock:
            if self._unsent.pop(video.video_id, None) is None:
                return  # withdrawn
        try:
            task_id = self._client.submit_video(
                video.url,
                video.collection,
                metadata=_metadata(video),
                skip_duplicate=video.skip_duplicate,
                feature_extractors=read_json(self._extractors) if self._extractors else None,
                replaces=video.replaces,
            )
        except ABORTS_RUN:
            self._record(video, state="withdrawn")
            raise
        except SubmissionOutcomeUnknownError as error:
            self._record(video, state="lost", error=str(error), settled_at=clock.now())
            raise
        except MixpeekError as error:
            # A duplicate may be refused at once, with an error that names the existing asset (contract b8).
            asset_id = duplicated_asset(error.message)
            state: EventState = "failed" if asset_id is None else "skipped"
            self._record(video, state=state, asset_id=asset_id, error=str(error), settled_at=clock.now())
            if asset_id is None:
                raise
            return
        accepted_at = self._client.time()
        self._record(
            video,
            state="open",
            task_id=task_id,
            submitted_at=accepted_at,
            give_up_at=accepted_at + self._deadline,
            next_poll_at=clock.now(),
        )

    def _record(
        self,
        video: VideoToSubmit,
        *,
        state: EventState,
        error: str | None = None,
        task_id: str | None = None,
        asset_id: str | None = None,
        submitted_at: datetime | None = None,
        give_up_at: datetime | None = None,
        next_poll_at: datetime | None = None,
        settled_at: datetime | None = None,
    ) -> None:
        self._spool.append(
            TaskEvent(
                video_id=video.video_id,
                attempt=video.attempt,
                seen_at=clock.now(),
                run_id=self._run_id,
                state=state,
                error={"reason": error} if error else None,
                task_id=task_id,
                asset_id=asset_id,
                submitted_at=submitted_at,
                give_up_at=give_up_at,
                next_poll_at=next_poll_at,
                settled_at=settled_at,
            )
        )


def _metadata(video: VideoToSubmit) -> JsonObject | None:
    """Parse the stored metadata, which an older version may have taken from a manifest unchecked."""
    try:
        return read_json_object(video.metadata) if video.metadata else None
    except ValueError as error:
        message = f"its metadata is not a JSON object: {error}"
        raise UnsendableError("POST /ingest/videos/url", message, video.url) from None
