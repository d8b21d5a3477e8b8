"""The supervisor of the workers: it replaces dead ones, and kills those that take too much time or memory."""

import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, cast

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.store.store import Store
from mixpeek_local.store.tasks import UNDER_WAY
from mixpeek_local.work.download import remove_downloads
from mixpeek_local.work.memory import ALLOCATOR, resident_bytes, too_much_memory

_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 0.5  # for a worker to notice by itself that its task was cancelled, and so to keep its models loaded
_PAUSE_AFTER_DEATH_SECONDS = 1.0  # a worker that cannot start must not be started in a busy loop
_log = logging.getLogger(__name__)


@dataclass
class _Worker:
    """A worker process and its task.

    Attributes:
        claim: Its name in the queue.
        process: Prints the id of each task that it begins, and an empty line when it ends one.
        started: When it was started.
        task_id: Its current task.
        since: When it printed that task.
        taken_since: When the supervisor first saw that the task is no longer this worker's.
        verdict: Why the supervisor killed it.
    """

    claim: str
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    task_id: str = ""
    since: float = 0.0
    taken_since: float | None = None
    verdict: str | None = None

    def listen(self) -> None:
        said = cast(IO[bytes], self.process.stdout).read()  # does not block: None if there is nothing
        if said:
            self.task_id = said.split(b"\n")[-2].decode()
            self.since, self.taken_since = time.monotonic(), None

    def end(self, verdict: str) -> None:
        self.verdict = verdict
        self.process.kill()  # safe at any time: transactions are all or nothing

    def clear_away(self, config: LocalApiConfig) -> None:
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            cast(IO[bytes], pipe).close()
        remove_downloads(config, self.claim)


class Workers:
    """Runs up to `config.workers` processes in a `with` block, and requeues their tasks at its end."""

    def __init__(self, config: LocalApiConfig, store: Store) -> None:
        self._config = config
        self._store = store
        self._stop = threading.Event()
        self._workers: list[_Worker] = []
        self._not_before = 0.0
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def __enter__(self) -> "Workers":
        """Start the first worker and the supervisor."""
        self._workers = [self._start()]
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the workers, whatever they do."""
        self._stop.set()
        self._thread.join()
        for worker in self._workers:
            worker.process.kill()
            worker.clear_away(self._config)
        self._store.tasks.put_back()

    def _supervise(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                for worker in list(self._workers):
                    self._supervise_one(worker)
                if self._another_is_needed():
                    self._workers.append(self._start())
            except Exception:
                _log.exception("the supervisor failed")  # and go on: without it, no task would end

    def _supervise_one(self, worker: _Worker) -> None:
        worker.listen()
        if worker.process.poll() is None:
            verdict = self._verdict(worker)
            if verdict is not None:
                worker.end(verdict)
            return
        reason = worker.verdict or _death(worker.process.returncode)
        _log.warning("worker %d ended: %s", worker.process.pid, reason)
        if worker.verdict:
            self._store.tasks.end(worker.claim, worker.task_id, worker.verdict)
        else:
            self._store.tasks.bury(worker.claim, reason)
        worker.clear_away(self._config)
        self._workers.remove(worker)
        self._not_before = worker.started + _PAUSE_AFTER_DEATH_SECONDS

    def _verdict(self, worker: _Worker) -> str | None:
        """Why a worker must be killed, or None."""
        if not worker.task_id:
            return None
        task = self._store.tasks.get(worker.task_id)
        if task is None or task["claim"] != worker.claim:
            worker.taken_since = worker.taken_since or time.monotonic()
            is_stuck = time.monotonic() - worker.taken_since > _GRACE_SECONDS
            return "its task was taken from it" if is_stuck else None
        if task["status"] not in UNDER_WAY:
            return None
        seconds = time.monotonic() - worker.since
        if task["status"] == "DOWNLOADING" and seconds > self._config.download_timeout:
            return f"the video took longer than {self._config.download_timeout:g} seconds to download"
        if seconds > self._config.processing_timeout:
            return f"the video took longer than {self._config.processing_timeout:g} seconds to process"
        if resident_bytes(worker.process.pid) > self._config.max_memory:
            return too_much_memory(self._config.max_memory)
        return None

    def _another_is_needed(self) -> bool:
        if time.monotonic() < self._not_before:
            return False
        if len(self._workers) < self._config.workers and all(worker.task_id for worker in self._workers):
            return not self._workers or self._store.tasks.waiting()
        return False

    def _start(self) -> _Worker:
        claim = str(uuid.uuid4())
        process = subprocess.Popen(
            [sys.executable, "-m", "mixpeek_local.work.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ALLOCATOR,
            start_new_session=True,  # Ctrl-C is for the server, which then kills its workers
        )
        os.set_blocking(cast(IO[bytes], process.stdout).fileno(), False)
        stdin = cast(IO[bytes], process.stdin)  # stays open: the worker ends when it closes
        pickle.dump((self._config, claim), stdin)
        stdin.flush()
        return _Worker(claim, process)


def _death(code: int) -> str:
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"the process that worked on this video died ({how})"
