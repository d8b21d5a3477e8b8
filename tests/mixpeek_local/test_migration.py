"""A state file of the first schema opens, keeps what it has, and goes on with its tasks."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.store.database import SCHEMA_VERSION
from mixpeek_local.store.documents.namespaces import namespaces
from mixpeek_local.store.store import Store
from mixpeek_local.work.worker import run
from tests.mixpeek_local.clips import Scene, place, write_clip
from tests.mixpeek_local.served import served

FIRST_SCHEMA = Path(__file__).with_name("first_schema.sql")
MOMENT = "2026-11-20T10:00:00.000000+00:00"
NOTHING = "NULL, NULL, NULL, '', NULL)"
VECTOR = np.array([0.6, 0.8], "<f4")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory as the first version left it: an asset that is done, and a task that was under way."""
    with sqlite3.connect(tmp_path / "state.sqlite") as connection:
        connection.executescript(FIRST_SCHEMA.read_text())
        task = "INSERT INTO tasks VALUES (?, ?, ?, ?, 1, 'new', ?, NULL, ?, NULL, 1, ?)"
        connection.execute(task, ("task-1", "asset-1", "/1.mp4", 5.0, "DONE", "worker", MOMENT))
        connection.execute(task, ("task-2", "asset-2", str(tmp_path / "2.mp4"), 7.5, "PROCESSING", "worker", MOMENT))
        asset = "INSERT INTO assets VALUES (?, ?, ?, ?, ?, 'video', ?, '{\"fps\": 25.0}', ?, ?, NULL, ?)"
        connection.execute(
            asset, ("asset-1", "task-1", "films", "/1.mp4", '{"author": "Ann"}', "hash", 5.0, "pixels-1", MOMENT)
        )
        connection.execute(
            asset, ("asset-2", "task-2", "talks", str(tmp_path / "2.mp4"), "{}", None, None, None, MOMENT)
        )
        feature = "INSERT INTO features VALUES (?, 'asset-1', ?, 0.0, ?, 5.0, ?)"
        connection.execute(feature, ("feature-1", "video", 5.0, MOMENT))
        connection.execute(feature, ("feature-2", "image", 0.0, MOMENT))
        connection.execute("INSERT INTO vectors VALUES ('feature-1', 'multimodal', ?)", (VECTOR.tobytes(),))
    connection.close()
    return tmp_path


def test_assets_features_and_vectors_are_kept(state: Path) -> None:
    with served(state) as api:
        assert api.task("task-1")["status"] == "DONE"
        body = api.get("/assets/asset-1/features")
        assert body["asset"]["collection_id"] == "films"
        assert body["asset"]["metadata"] == {"author": "Ann"}
        assert body["asset"]["file_data"] == {"fps": 25}
        assert body["asset"]["created_at"] == "2026-11-20T10:00:00.000000"
        (video,), (image,) = body["features"]["video"], body["features"]["image"]
        assert (video["feature_id"], video["end_time"], video["interval_sec"]) == ("feature-1", 5, 5)
        assert video["metadata"] == image["metadata"] == {"author": "Ann"}
        assert "interval_sec" not in image
        assert api.vectors(video) == {"multimodal": [0.6, 0.8]}
        assert [asset["asset_id"] for asset in api.post("/assets", {"collections": ["films"]})["results"]] == [
            "asset-1"
        ]


def test_a_task_that_was_under_way_runs_with_its_settings(state: Path) -> None:
    write_clip(state / "2.mp4", [Scene(place(1), 9)])
    with served(state) as api:
        api.store.tasks.recover()
        job = api.store.tasks.claim("new worker")
        assert job is not None
        assert (job.task_id, job.collection_id) == ("task-2", "talks")
        assert job.settings == ExtractionSettings(interval_sec=7.5)
        run(api.store, job, LocalApiConfig(state, allowed_folders=(state,)))
        assert api.task("task-2")["status"] == "DONE"
        features = api.get("/assets/asset-2/features")["features"]
        assert [feature["start_time"] for feature in features["video"]] == [0, 7.5]


def test_what_the_first_version_made_is_copied_for_nothing(state: Path) -> None:
    store = Store(state / "state.sqlite")
    asset = store.asset("asset-1")
    store.close()
    assert asset is not None
    assert asset["settings"] is None


def test_a_new_file_and_a_migrated_one_have_the_same_tables(state: Path, tmp_path: Path) -> None:
    def columns(path: Path) -> dict[str, set[tuple]]:
        Store(path).close()
        with sqlite3.connect(path) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            indexes = set(connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'"))
            found = {table: {row[1:4] for row in connection.execute(f"PRAGMA table_info({table})")} for table in tables}
            assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        connection.close()
        return found | {"indexes": indexes}

    (tmp_path / "new").mkdir()
    assert columns(state / "state.sqlite") == columns(tmp_path / "new" / "state.sqlite")


def test_a_file_of_the_second_schema_gets_the_tables_of_the_style_documents(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    Store(path).close()
    added = ("object_assets", "batch_items", "batches", "collections", "objects", "buckets", "namespaces")
    with sqlite3.connect(path) as connection:
        for table in added:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("INSERT INTO assets VALUES ('a', 't', 'n', 'c', '', '{}', 'video', NULL, '{}', " + NOTHING)
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    store = Store(path)
    assert namespaces(store.database) == []
    connection = store.database.connection()
    assert {row[0] for row in connection.execute("SELECT name FROM sqlite_master")} >= set(added)
    assert connection.execute("SELECT count(*) FROM assets").fetchone()[0] == 1
    store.close()


def test_opening_a_migrated_file_again_changes_nothing(state: Path) -> None:
    for _ in range(2):
        store = Store(state / "state.sqlite")
        assert len(store.features("asset-1")) == 2
        store.close()
