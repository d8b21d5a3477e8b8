"""The supervision of the workers: a dead one is replaced, one that takes too long is ended."""

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

from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.local_api.store import Store

_LOOK_SECONDS = 0.2
_PAUSE_AFTER_DEATH_SECONDS = 1.0  # a worker that cannot even start must not be started all the time
_log = logging.getLogger(__name__)


@dataclass
class _Worker:
    claim: str
    process: subprocess.Popen[bytes]
    too_slow: bool = False
    started: float = field(default_factory=time.monotonic)


class Workers:
    """Runs `config.workers` processes while its context is open, and puts their tasks back when it closes."""

    def __init__(self, config: LocalApiConfig, store: Store) -> None:
        self._config = config
        self._store = store
        self._stop = threading.Event()
        self._workers: list[_Worker] = []
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def __enter__(self) -> "Workers":
        """Start the workers and their supervision."""
        self._workers = [self._start() for _ in range(self._config.workers)]
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers, whatever they are at."""
        self._stop.set()
        self._thread.join()
        for worker in self._workers:
            worker.process.kill()  # safe at any time: the database commits all or nothing
            worker.process.wait()
        self._store.tasks.put_back()

    def _supervise(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self._workers = [self._look_after(worker) for worker in self._workers]
            except Exception:
                _log.exception("supervision of the workers")  # and on: without it, no task would ever end

    def _look_after(self, worker: _Worker) -> _Worker:
        if worker.process.poll() is None:
            seconds = self._store.tasks.seconds_claimed(worker.claim)
            if seconds is not None and seconds > self._config.processing_timeout:
                worker.too_slow = True
                worker.process.kill()
            return worker
        reason = self._reason(worker)
        _log.error("worker %d: %s", worker.process.pid, reason)
        self._store.tasks.fail_claimed(worker.claim, reason)
        self._stop.wait(max(worker.started + _PAUSE_AFTER_DEATH_SECONDS - time.monotonic(), 0))
        return worker if self._stop.is_set() else self._start()

    def _reason(self, worker: _Worker) -> str:
        if worker.too_slow:
            return f"the video took longer than {self._config.processing_timeout:g} seconds to process"
        code = worker.process.returncode
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"the process that worked on this video died ({how})"

    def _start(self) -> _Worker:
        claim = str(uuid.uuid4())
        process = subprocess.Popen(
            [sys.executable, "-m", "mixpeek_assets.local_api.worker"],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server, which then ends its workers
        )
        with cast(IO[bytes], process.stdin) as stdin:
            pickle.dump((self._config, claim, os.getpid()), stdin)
        return _Worker(claim, process)
