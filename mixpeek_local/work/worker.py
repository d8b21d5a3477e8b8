"""A worker: a process that takes one task after the other.

It is separate from the server, so that a file that crashes the decoder crashes nothing else.
"""

import hashlib
import logging
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mixpeek_assets.terminal_safe import terminal_safe
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.errors import UnusableClipError
from mixpeek_local.extract import UnusableVideoError, extract, version
from mixpeek_local.store.store import Store
from mixpeek_local.store.tasks import ClaimLostError, Job
from mixpeek_local.work.download import local_copy
from mixpeek_local.work.memory import give_back_memory, limit_memory, too_much_memory

_IDLE_SECONDS = 0.1
_PROGRESS_SECONDS = 0.25
_DOWNLOAD_SHARE = 0.1  # of a task's progress
_log = logging.getLogger(__name__)


def work(config: LocalApiConfig, claim: str) -> None:
    """Work on queued tasks until the server ends.

    Args:
        config: The server's.
        claim: The name of this worker in the queue.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    threading.Thread(target=_end_with_the_server, name="server", daemon=True).start()
    limit_memory(config.max_memory)
    # Standard output is for the supervisor, so what libraries print goes to the log.
    supervisor = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    store = Store(config.database)
    while True:
        job = store.tasks.claim(claim)
        if job is None:
            time.sleep(_IDLE_SECONDS)
        else:
            os.write(supervisor, f"{job.task_id}\n".encode())
            run(store, job, config)
            give_back_memory()
            os.write(supervisor, b"\n")


def _end_with_the_server() -> None:
    """Wait until the server's end of standard input closes, which even `kill -9` does, and end at once."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


def run(store: Store, job: Job, config: LocalApiConfig) -> None:
    """Complete one task; whatever goes wrong ends only this task."""
    started = time.monotonic()
    try:
        outcome = _outcome(store, job, config)
    except ClaimLostError as error:
        outcome = str(error)
    _log.info("task %s %s after %.2f s", job.task_id, terminal_safe(outcome), time.monotonic() - started)


def _outcome(store: Store, job: Job, config: LocalApiConfig) -> str:
    try:
        with local_copy(job.url, config, name=job.claim, progress=_progress(store, job, 0, _DOWNLOAD_SHARE)) as path:
            store.tasks.processing(job)
            return _process(store, job, path, config)
    except ClaimLostError:
        raise
    except (UnusableVideoError, UnusableClipError) as error:
        store.tasks.fail(job, str(error))
        return f"failed: {error}"
    except MemoryError:
        store.tasks.fail(job, too_much_memory(config.max_memory))
        return "failed: out of memory"
    except Exception as error:
        _log.exception("task %s", job.task_id)
        store.tasks.fail(job, f"the server could not process this video ({type(error).__name__}); see its log")
        return "failed: see above"


def _process(store: Store, job: Job, path: Path, config: LocalApiConfig) -> str:
    with path.open("rb") as file:
        file_hash = hashlib.file_digest(file, "sha256").hexdigest()
    if job.skip_duplicate:
        original = store.finish_as_duplicate(job, config.duplicates, file_hash=file_hash, version=version())
        if original is not None:
            return f"ended as a duplicate of {original}"
    progress = _progress(store, job, _DOWNLOAD_SHARE, 1)
    extraction = extract(path, job.settings, max_seconds=config.max_seconds, progress=progress)
    store.finish(job, extraction, file_hash=file_hash, version=version())
    return f"done: {len(extraction.features)} features"


def _progress(store: Store, job: Job, first: float, last: float) -> Callable[[float], None]:
    """A function that records, now and then, the share of a step that takes a task from `first` to `last`."""
    noted = 0.0

    def record(share: float) -> None:
        nonlocal noted
        if time.monotonic() - noted >= _PROGRESS_SECONDS:
            noted = time.monotonic()
            store.tasks.progress(job, first + share * (last - first))

    return record


if __name__ == "__main__":
    work(*pickle.load(sys.stdin.buffer))  # noqa: S301 - from the server that started this process, over a pipe
