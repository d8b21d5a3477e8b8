"""A worker: a process that takes one task after the other.

It is not the server's own process, so that a file which crashes the decoder takes nothing else with it.
"""

import hashlib
import logging
import pickle
import sys
import time
from pathlib import Path

from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.local_api.download import local_copy
from mixpeek_assets.local_api.extract import VERSION, UnusableVideoError, extract
from mixpeek_assets.local_api.lifeline import end_with_parent
from mixpeek_assets.local_api.store import Store
from mixpeek_assets.local_api.tasks import ClaimLostError, Job

_IDLE_SECONDS = 0.1
_log = logging.getLogger(__name__)


def work(config: LocalApiConfig, claim: str, parent_pid: int) -> None:
    """Work on queued tasks until the process ends, which it does with its parent at the latest.

    Args:
        config: The server's.
        claim: This worker's name in the queue.
        parent_pid: The server's process.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    end_with_parent(parent_pid)
    store = Store(config.database)
    while True:
        job = store.tasks.claim(claim)
        if job is None:
            time.sleep(_IDLE_SECONDS)
        else:
            run(store, job, config)


def run(store: Store, job: Job, config: LocalApiConfig) -> None:
    """Bring one task to its end; whatever goes wrong with it ends with it."""
    started = time.monotonic()
    try:
        with local_copy(job.url, config) as path:
            store.tasks.processing(job)
            outcome = _process(store, job, path, config)
    except ClaimLostError as error:
        outcome = str(error)
    except UnusableVideoError as error:
        outcome = f"failed: {error}"
        store.tasks.fail(job, str(error))
    except Exception as error:
        _log.exception("task %s", job.task_id)
        outcome = "failed: see above"
        store.tasks.fail(job, f"the server could not process this video ({type(error).__name__}); see its log")
    _log.info("task %s %s after %.2f s", job.task_id, outcome, time.monotonic() - started)


def _process(store: Store, job: Job, path: Path, config: LocalApiConfig) -> str:
    with path.open("rb") as file:
        file_hash = hashlib.file_digest(file, "sha256").hexdigest()
    if job.skip_duplicate:
        original = store.finish_as_duplicate(job, config.duplicates, file_hash=file_hash, version=VERSION)
        if original is not None:
            return f"ended as a duplicate of {original}"
    extraction = extract(path, job.settings, max_seconds=config.max_seconds)
    store.finish(job, extraction, file_hash=file_hash, version=VERSION)
    return f"done: {len(extraction.features)} features"


if __name__ == "__main__":
    work(*pickle.load(sys.stdin.buffer))  # noqa: S301 - from the server that started this process, over a pipe
