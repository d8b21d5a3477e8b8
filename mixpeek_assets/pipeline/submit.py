"""Submitting videos: the intent is committed before each request, and the answer right after it."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby, islice
from operator import attrgetter

from mixpeek_assets.api.concurrency import map_concurrently
from mixpeek_assets.api.errors import ABORTS_RUN, MixpeekError
from mixpeek_assets.api.port import MixpeekClient, Video
from mixpeek_assets.pipeline.figures import StepFigures, StepMeter
from mixpeek_assets.pipeline.ledger import TaskLedger
from mixpeek_assets.pipeline.progress import Progress, Say, progress, say_nothing
from mixpeek_assets.strict_json import read_json, read_json_object
from mixpeek_assets.warehouse.rows import VideoToSubmit
from mixpeek_assets.warehouse.selection import SubmissionRules
from mixpeek_assets.warehouse.spool import Spool
from mixpeek_assets.warehouse.warehouse import Warehouse

_ROUNDS = 3
"""How many times a run sends a video whose submission's outcome is unknown."""

_STEPS = 3
"""How many lines a submission of several steps writes: registered, drafted, accepted."""


@dataclass
class SubmitResult:
    """The outcomes of a run's submissions, and what they took.

    Attributes:
        accepted: Videos that the API works on.
        refused: Videos that it does not take.
        lost: For each video whose submission has an unknown outcome, the reason.
        figures: What they took.
    """

    accepted: int = 0
    refused: int = 0
    lost: list[MixpeekError] = field(default_factory=list[MixpeekError])
    figures: StepFigures = field(default_factory=StepFigures)


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

    A video whose submission's outcome is unknown is sent again: it goes on where it stopped, if the API lets it, else
    with `skip_duplicate`, as another attempt.

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
        warehouse.mark_lost(partitions, resumes=client.resumes)
        for round_ in range(_ROUNDS):
            with warehouse.videos_to_submit(rules, partitions, resumes=client.resumes) as needed:
                wanted = len(submitted.lost) if round_ and needed else len(needed)
                if round_ and not wanted:
                    break
                verb, requests = "submit again" if round_ else "submit", client.units.requests("submit", wanted)
                with progress(say, client, "video", verb, wanted, requests) as work:
                    if not wanted:
                        break
                    videos = (video for video in needed if not round_ or _is_unknown(video))
                    submitted.lost.clear()
                    with warehouse.spool("tasks") as spool:
                        _Submission(client, warehouse, spool, run_id, rules, deadline).send(videos, submitted, work)
                    loaded += spool.loaded
    submitted.figures = meter.figures(loaded)
    return submitted


def _is_unknown(video: VideoToSubmit) -> bool:
    """Say whether it is not known what became of a submission that was sent."""
    return video.is_interrupted or video.why == "answer lost"


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
            groups = self._committed(videos)
            with closing(map_concurrently(self._submit, groups, self._client.concurrency)) as answers:
                for _, ledger in answers:
                    if isinstance(ledger, MixpeekError):  # never: a group's own errors are in its ledger
                        raise ledger
                    submitted.accepted += len(ledger.taken)
                    submitted.refused += len(ledger.rejected)
                    submitted.lost += ledger.unknown
                    for video_id in ledger.videos:
                        work.count(failed=video_id not in ledger.taken)
        finally:
            # A video that was never sent must not look as if it might have been.
            with self._unsent_lock:
                self._ledger(list(self._unsent.values())).withdraw()
                self._unsent.clear()

    def _committed(self, videos: Iterable[VideoToSubmit]) -> Iterator[list[VideoToSubmit]]:
        """Commit the intents of the next few videos, then yield them as one call takes them.

        Runs in the thread that takes the next group, so that no batch waits for the end of the previous one; earlier
        answers are loaded meanwhile.
        """
        each = self._client.units.videos_per_submission
        size = max(4 * self._client.concurrency // each, 1) * each
        for task_id, some in groupby(videos, key=attrgetter("task_id")):
            if task_id is not None:  # a draft of an earlier call, which goes on as a whole
                yield self._commit(list(some))
                continue
            while batch := self._commit(list(islice(some, size))):
                for start in range(0, len(batch), each):
                    yield batch[start : start + each]

    def _commit(self, batch: list[VideoToSubmit]) -> list[VideoToSubmit]:
        """Commit the intents of some videos, and return them."""
        if batch:
            # So that no answer finds the disk full.
            lines = _STEPS if self._client.resumes else 1
            in_flight = self._client.units.videos_per_submission * self._client.concurrency
            self._spool.rotate(room_for=lines * (len(batch) + in_flight))
            new = [video for video in batch if not video.is_interrupted]
            self._warehouse.insert_intents(new, self._run_id, self._extractors)
            with self._unsent_lock:
                self._unsent.update({video.video_id: video for video in batch})
        return batch

    def _submit(self, group: list[VideoToSubmit]) -> TaskLedger:
        """Send some videos; the ledger keeps what becomes of each at once."""
        with self._unsent_lock:
            # Without those that were withdrawn.
            group = [video for video in group if self._unsent.pop(video.video_id, None) is not None]
        ledger = self._ledger(group)
        try:
            self._client.submit(list(self._sendable(group, ledger)), ledger)
        except ABORTS_RUN:
            ledger.withdraw()
            raise
        except MixpeekError as error:
            ledger.end(error, resumes=self._client.resumes)
        return ledger

    def _sendable(self, group: Iterable[VideoToSubmit], ledger: TaskLedger) -> Iterator[Video]:
        """Yield the videos, but not one whose stored metadata, of an older version, is none."""
        for video in group:
            # What is interrupted goes on as it began: its row says so.
            extractors = video.extractors if video.is_interrupted else self._extractors
            sent = Video(
                video_id=video.video_id,
                revision=video.attempt,
                url=video.url,
                collection=video.collection,
                extractors=read_json(extractors) if extractors else None,
                skip_duplicate=video.skip_duplicate,
                replaces=video.replaces,
                asset_id=video.asset_id,
                task_id=video.task_id,
            )
            try:
                metadata = read_json_object(video.metadata) if video.metadata else None
            except ValueError as error:
                reason = f"its metadata is not a JSON object: {error}. Correct its row in the manifest, then run"
                ledger.refused(sent, f"{video.url}: {reason} `mixpeek-assets retry`")
            else:
                yield replace(sent, metadata=metadata)

    def _ledger(self, group: Sequence[VideoToSubmit]) -> TaskLedger:
        return TaskLedger(self._spool, self._run_id, self._client.time, self._deadline, group)
