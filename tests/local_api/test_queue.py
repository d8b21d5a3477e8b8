"""The queue under two workers, and results that come too late."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mixpeek_assets.local_api.extract import Extraction
from mixpeek_assets.local_api.extract.settings import ExtractionSettings
from mixpeek_assets.local_api.store import Store, Submission
from mixpeek_assets.local_api.tasks import ClaimLostError

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
