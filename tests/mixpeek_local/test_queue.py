"""The queue under two workers, and results that come too late."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mixpeek_local.extract import Extraction
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.store.removal import cancel
from mixpeek_local.store.store import Store, Submission
from mixpeek_local.store.tasks import MAX_ATTEMPTS, ClaimLostError

NOTHING = Extraction("video", (), {})


@pytest.fixture
def store(tmp_path: Path):
    store = Store(tmp_path / "state.sqlite")
    yield store
    store.close()


def queue(store: Store) -> str:
    return store.ingest(Submission("x", "c", {}, ExtractionSettings()))


def test_no_two_workers_claim_the_same_task_and_the_oldest_goes_first(store: Store, tmp_path: Path) -> None:
    queued = [queue(store) for _ in range(60)]

    def work(worker: int) -> list[str]:
        own = Store(tmp_path / "state.sqlite")
        claimed = []
        while job := own.tasks.claim(f"worker-{worker}"):
            claimed.append(job.task_id)
            own.finish(job, NOTHING, file_hash=job.task_id, version="1")
        own.close()
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(work, range(4)))
    assert sorted(task_id for mine in claimed for task_id in mine) == sorted(queued)
    for mine in claimed:
        assert [queued.index(task_id) for task_id in mine] == sorted(queued.index(task_id) for task_id in mine)


def test_a_result_that_comes_after_the_task_was_taken_away_is_dropped(store: Store) -> None:
    task_id = queue(store)
    late = store.tasks.claim("late")
    assert late is not None
    store.tasks.recover()
    current = store.tasks.claim("current")
    assert current is not None
    assert current.task_id == task_id
    with pytest.raises(ClaimLostError):
        store.finish(late, NOTHING, file_hash="x", version="1")
    with pytest.raises(ClaimLostError):
        store.tasks.fail(late, "too late")
    store.finish(current, NOTHING, file_hash="x", version="1")
    task = store.tasks.get(task_id)
    assert task is not None
    assert task["status"] == "DONE"


def test_ending_on_purpose_counts_against_no_task(store: Store) -> None:
    task_id = queue(store)
    for _ in range(10):
        assert store.tasks.claim("worker") is not None
        store.tasks.put_back()
        store.tasks.recover()
    task = store.tasks.get(task_id)
    assert task is not None
    assert (task["status"], task["attempts"]) == ("QUEUED", 0)


def state(store: Store, task_id: str) -> tuple[str, float, str | None]:
    task = store.tasks.get(task_id)
    assert task is not None
    return task["status"], task["progress"], task["error"]


def test_progress_never_goes_back_but_when_the_work_begins_again(store: Store) -> None:
    task_id = queue(store)
    job = store.tasks.claim("worker")
    assert job is not None
    for share, noted in ((0.25, 0.25), (0.5, 0.5), (0.125, 0.5), (7.0, 1), (-1.0, 1)):
        store.tasks.progress(job, share)
        assert state(store, task_id) == ("DOWNLOADING", noted, None)
    store.tasks.recover()
    assert state(store, task_id) == ("QUEUED", 0, None)


def test_a_worker_learns_from_its_progress_that_the_task_is_cancelled(store: Store) -> None:
    task_id = queue(store)
    job = store.tasks.claim("worker")
    assert job is not None
    cancel(store, task_id)
    with pytest.raises(ClaimLostError):
        store.tasks.progress(job, 0.5)
    with pytest.raises(ClaimLostError):
        store.finish(job, NOTHING, file_hash="x", version="1")
    assert state(store, task_id) == ("CANCELLED", 0, None)


def test_the_task_of_a_dead_worker_goes_back_until_too_many_have_died_of_it(store: Store) -> None:
    task_id, other_id = queue(store), queue(store)
    for number in range(MAX_ATTEMPTS):
        assert state(store, task_id) == ("QUEUED", 0, None)
        job = store.tasks.claim(f"dead {number}")
        assert job is not None
        assert job.task_id == task_id
        if not number:
            assert store.tasks.claim("alive") is not None
        store.tasks.bury(f"dead {number}", "it died")
    assert state(store, task_id) == ("FAILED", 0, "it died, 3 times")
    assert state(store, other_id) == ("DOWNLOADING", 0, None)


def test_a_worker_that_is_ended_for_one_task_gives_back_the_next(store: Store) -> None:
    cancelled_id, next_id = queue(store), queue(store)
    assert store.tasks.claim("worker") is not None
    cancel(store, cancelled_id)
    assert store.tasks.claim("worker") is not None
    store.tasks.end("worker", cancelled_id, "its task was taken from it")
    assert state(store, cancelled_id) == ("CANCELLED", 0, None)
    assert state(store, next_id) == ("QUEUED", 0, None)
    task = store.tasks.get(next_id)
    assert task is not None
    assert task["attempts"] == 0
