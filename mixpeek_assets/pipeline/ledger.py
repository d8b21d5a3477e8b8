"""What becomes of each video of a submission, kept as lines of a landing file before the next step begins."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from mixpeek_assets import clock
from mixpeek_assets.api.errors import MixpeekError, SubmissionOutcomeUnknownError
from mixpeek_assets.api.port import Video
from mixpeek_assets.warehouse.landing_lines import TaskEvent
from mixpeek_assets.warehouse.rows import VideoToSubmit
from mixpeek_assets.warehouse.spool import Spool


class TaskLedger:
    """The ledger of one call of `submit`.

    Args:
        spool: Takes the lines; each is safe once it is written.
        run_id: The run that submits.
        api_time: The time by the API's clock.
        deadline: How long after its submission an unfinished task is marked `lost`.
        videos: Those that are submitted.

    Attributes:
        videos: Those that are submitted, by id.
        taken: Those that the API works on, or has worked on.
        rejected: Those that it does not take.
        unknown: For each video of which neither is known, why.
    """

    def __init__(
        self,
        spool: Spool,
        run_id: str,
        api_time: Callable[[], datetime],
        deadline: timedelta,
        videos: Sequence[VideoToSubmit],
    ) -> None:
        self._spool, self._run_id, self._api_time, self._deadline = spool, run_id, api_time, deadline
        self.videos = {video.video_id: video for video in videos}
        self.taken, self.rejected = set[str](), set[str]()
        self.unknown: list[MixpeekError] = []
        self._known = {video.video_id for video in videos if video.is_interrupted}

    def registered(self, video: Video, asset_id: str) -> None:
        """Keep the id of a video that is not processed yet."""
        self._known.add(video.video_id)
        self._record(video.video_id, asset_id=asset_id)

    def drafted(self, video: Video, task_id: str) -> None:
        """Keep the task that the video will be processed by."""
        self._record(video.video_id, task_id=task_id)

    def accepted(self, video: Video, task_id: str) -> None:
        """Keep that the API works on it."""
        accepted_at = self._api_time()
        self.taken.add(video.video_id)
        self._record(
            video.video_id,
            state="open",
            task_id=task_id,
            submitted_at=accepted_at,
            give_up_at=accepted_at + self._deadline,
            next_poll_at=clock.now(),
        )

    def refused(self, video: Video, reason: str, repeats: str | None = None) -> None:
        """Keep why the API does not take it: it fails, or repeats an asset."""
        (self.rejected if repeats is None else self.taken).add(video.video_id)
        self._record(
            video.video_id,
            state="failed" if repeats is None else "skipped",
            asset_id=repeats,
            error={"reason": reason},
            settled_at=clock.now(),
        )

    def withdraw(self) -> None:
        """Forget the intents of videos that the API knows nothing of."""
        for video_id in self._unsettled() - self._known:
            self._record(video_id, state="withdrawn")

    def end(self, error: MixpeekError, *, resumes: bool) -> None:
        """Say of the others that their outcome is unknown; where the submission resumes, they stay as they are."""
        for video_id in self._unsettled():
            self.unknown.append(error)
            if not resumes:
                assert isinstance(error, SubmissionOutcomeUnknownError), error  # noqa: S101 - else it was refused
                self._record(video_id, state="lost", error={"reason": str(error)}, settled_at=clock.now())

    def _unsettled(self) -> set[str]:
        return self.videos.keys() - self.taken - self.rejected

    def _record(self, video_id: str, **found: Any) -> None:
        self._spool.append(
            TaskEvent(
                video_id=video_id,
                attempt=self.videos[video_id].attempt,
                seen_at=clock.now(),
                run_id=self._run_id,
                **found,
            )
        )
