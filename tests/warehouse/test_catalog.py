"""The catalog of the file explains itself; its views say what was found, how far the videos are, and what failed."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.selection import RetrySelection
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.rows import (
    DAY,
    NOON,
    Row,
    accepted,
    add_videos,
    asset_reply,
    at,
    done_task,
    feature,
    feature_reply,
    file_of,
    land,
    manifest,
    problem,
    query,
    refused_asset,
    refused_feature,
    settled,
    task,
    video,
    write,
)

VIEWS = ("moments", "pipeline_status", "failures", "latest_tasks")
WITHOUT_WORDS = """
    SELECT schema_name || '.' || name AS name
    FROM (
        SELECT database_name, schema_name, table_name AS name, comment FROM duckdb_tables()
        UNION ALL SELECT database_name, schema_name, view_name, comment FROM duckdb_views()
        UNION ALL SELECT database_name, schema_name, table_name || '.' || column_name, comment FROM duckdb_columns()
        UNION ALL SELECT database_name, schema_name, function_name, comment FROM duckdb_functions()
    )
    WHERE
        database_name = current_database()
        -- The project's own columns have no words.
        AND (schema_name = 'mixpeek' OR (schema_name = 'mixpeek_internal' AND NOT contains(name, '.')))
        AND coalesce(comment, '') = ''
    ORDER BY ALL
"""
A_TIME = at(0)


def rows(warehouse: Warehouse, statement: str) -> list[Row]:
    with warehouse.reader() as reader:
        found = reader.connection.execute(statement)
        columns = [column[0] for column in found.description or []]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def land_a_moment(warehouse: Warehouse, url: str = "https://videos.test/harbour.mp4", **fields: Any) -> None:
    add_videos(warehouse, video(url=url))
    land(warehouse, "assets", asset_reply("a1", feature(**fields)))


@pytest.mark.file
def test_everything_in_a_new_warehouse_has_a_comment(warehouse: Warehouse) -> None:
    assert query(warehouse, WITHOUT_WORDS) == []


@pytest.mark.file
def test_everything_in_a_landed_warehouse_has_a_comment(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0, 2], 'it\'s "so"': [1]}))

    assert query(warehouse, WITHOUT_WORDS) == []
    assert len(query(warehouse, "SELECT 1 FROM duckdb_views() WHERE starts_with(view_name, 'vectors_')")) == 2


@pytest.mark.file
def test_a_file_of_an_older_version_gets_the_comments_and_what_others_added_to_it_needs_none(
    warehouse: Warehouse,
) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1, 0, 2]}))
    with duckdb.connect(file_of(warehouse)) as connection:
        connection.execute("COMMENT ON COLUMN mixpeek.vectors_clip.embedding IS NULL")
        connection.execute("COMMENT ON MACRO TABLE mixpeek.nearest IS NULL")
        connection.execute("DROP VIEW mixpeek.moments")
        connection.execute("ALTER TABLE mixpeek.tasks ADD COLUMN note VARCHAR")
        connection.execute("UPDATE mixpeek_internal.schema_version SET fingerprint = 'older'")
    ask(warehouse, Reader.table_counts)

    assert query(warehouse, WITHOUT_WORDS) == [("mixpeek.latest_tasks.note",), ("mixpeek.tasks.note",)]


@pytest.mark.file
def test_a_view_of_somebody_elses_with_the_name_of_a_new_one_is_refused_and_kept(warehouse: Warehouse) -> None:
    with duckdb.connect(file_of(warehouse)) as connection:
        connection.execute("CREATE OR REPLACE VIEW mixpeek.failures AS SELECT 'mine' AS x")
        connection.execute("UPDATE mixpeek_internal.schema_version SET fingerprint = 'older'")
    with pytest.raises(WarehouseError, match=r"somebody else's .*\(the view failures\): rename it"):
        ask(warehouse, Reader.table_counts)

    assert query(warehouse, "FROM mixpeek.failures") == [("mine",)]


@pytest.mark.each_on_a_lake
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_an_empty_warehouse_is_empty(warehouse: Warehouse, view: str) -> None:
    assert query(warehouse, f"SELECT * FROM mixpeek.{view}") == []


@contextmanager
def copied(warehouse: Warehouse, name: str, catalog: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the file under another name, attached by a program that has tables of the same names."""
    copy = file_of(warehouse).with_name(name)
    shutil.copy(file_of(warehouse), copy)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA mixpeek; CREATE TABLE mixpeek.videos (x INTEGER)")
        connection.execute(f"ATTACH '{copy}' AS {catalog} (READ_ONLY)")
        yield connection


@pytest.mark.file
@pytest.mark.parametrize("catalog", ["other", "mixpeek"])
def test_the_views_read_their_own_file_whatever_its_catalog_is_called(warehouse: Warehouse, catalog: str) -> None:
    land_a_moment(warehouse)
    task(warehouse, "v1", accepted(), settled(state="failed", error={"reason": "no"}))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1.0]}))
    with copied(warehouse, "published.duckdb", catalog) as connection:
        counts = {
            name: connection.execute(f"SELECT count(*) FROM {catalog}.mixpeek.{name}").fetchall()[0][0]
            for name in (*VIEWS, "vectors_clip")
        }

    assert counts == dict.fromkeys((*VIEWS, "vectors_clip"), 1)


def test_a_moment_says_what_was_heard_read_and_seen_and_when(warehouse: Warehouse) -> None:
    land_a_moment(warehouse, start_time=72.25, end_time=80.0, transcription="ahoy", text="PIER 4", description="a ship")

    assert rows(warehouse, "SELECT * FROM mixpeek.moments") == [
        {
            "video": "harbour.mp4", "timecode": "1:12", "modality": "image", "heard": "ahoy", "read": "PIER 4",
            "seen": "a ship", "link": "https://videos.test/harbour.mp4#t=72.2", "collection": "default",
            "start_time": 72.25, "end_time": 80.0, "url": "https://videos.test/harbour.mp4", "feature_id": "f1",
            "asset_id": "a1", "video_id": "v1", "partition_date": DAY,
        }
    ]  # fmt: skip


def test_a_sentence_that_was_said_is_heard_and_not_read(warehouse: Warehouse) -> None:
    said = {"modality": "text", "text": "ahoy", "payload": {"source": "speech"}}
    land_a_moment(warehouse, **said)

    assert rows(warehouse, "SELECT heard, read FROM mixpeek.moments") == [{"heard": "ahoy", "read": None}]


LINKS = {
    "file:///videos/it's%20%22so%22.mp4": "file:///videos/it's%20%22so%22.mp4#t=12.3",
    "https://videos.test/a.mp4?sign=x#t=3": "https://videos.test/a.mp4?sign=x#t=12.3",
    "https://www.youtube.com/watch?v=abc": "https://www.youtube.com/watch?v=abc&t=12s",
    "https://m.youtube.com/watch?v=abc&t=99s#x": "https://m.youtube.com/watch?v=abc&t=12s",
    "https://youtu.be/abc": "https://youtu.be/abc?t=12s",
    "https://youtu.be/abc?t=99&si=x": "https://youtu.be/abc?&si=x&t=12s",
    "https://notyoutube.com/watch?v=abc": "https://notyoutube.com/watch?v=abc#t=12.3",
    "https://videos.test/youtube.com/a.mp4": "https://videos.test/youtube.com/a.mp4#t=12.3",
}


def test_a_moment_links_to_its_second(warehouse: Warehouse) -> None:
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.videos BY NAME SELECT unnest($urls) AS url, url AS video_id", {"urls": list(LINKS)}
        )
        connection.execute(
            "INSERT INTO mixpeek.features BY NAME SELECT video_id, 12.345 AS start_time FROM mixpeek.videos"
        )

    assert dict(query(warehouse, "SELECT url, link FROM mixpeek.moments")) == LINKS


def test_a_moment_is_written_as_players_write_it(warehouse: Warehouse) -> None:
    written = {
        "0": "0:00", "12.99": "0:12", "3599.9": "59:59", "3723": "1:02:03", "36000": "10:00:00",
        "-1": None, "1e300": None, "NaN": None, "inf": None, "": None,
    }  # fmt: skip
    with warehouse.database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.videos BY NAME SELECT 'v1' AS video_id, 'https://videos.test/a' AS url")
        connection.execute(
            "INSERT INTO mixpeek.features BY NAME SELECT unnest($times) AS feature_id, 'v1' AS video_id,"
            " TRY_CAST(feature_id AS DOUBLE) AS start_time",
            {"times": list(written)},
        )
    found = query(warehouse, "SELECT feature_id, timecode, link FROM mixpeek.moments")

    assert {name: timecode for name, timecode, _ in found} == written
    # What is no time has no second to link to.
    assert {name for name, _, link in found if "#" in link} == {name for name, timecode in written.items() if timecode}


def test_the_status_counts_each_video_once_in_whatever_state(warehouse: Warehouse) -> None:
    states = {
        "new": (None, None, None),
        "submitting": ("submitting", None, None),
        "drafted": ("submitting", "t1", None),
        "answer lost": ("lost", None, None),
        "open": ("open", "t2", None),
        "to land": ("done", "t3", None),
        "landed": ("done", "t4", A_TIME),
        "duplicate": ("skipped", "t5", A_TIME),
        "failed": ("failed", "t6", None),
        "cancelled": ("cancelled", "t7", None),
        "lost": ("lost", "t8", None),
    }
    with warehouse.database.transaction() as connection:
        for name, (state, task_id, landed_at) in states.items():
            values = {"name": name, "day": DAY, "state": state, "task": task_id, "landed": landed_at, "at": A_TIME}
            connection.execute(
                "INSERT INTO mixpeek.videos BY NAME SELECT $name AS video_id, 'films' AS collection,"
                " $name AS url, $day AS partition_date",
                {"name": name, "day": DAY},
            )
            connection.execute(
                "INSERT INTO mixpeek.tasks BY NAME SELECT $name AS video_id, 1 AS attempt, $state AS state,"
                " $task AS task_id, $landed AS landed_at, $at AS submitted_at, $day AS partition_date"
                " WHERE $state IS NOT NULL",
                values,
            )
    [status] = rows(warehouse, "SELECT * FROM mixpeek.pipeline_status")

    assert status == {
        "partition_date": DAY, "collection": "films", "videos": len(states), "unsubmitted": 4, "pending": 1,
        "to_land": 1, "landed": 2, "failed": 2, "lost": 1, "features": 0, "vectors": 0, "rejects": 0,
        "landed_ratio": 0.182, "complete": False, "oldest_open": A_TIME,
    }  # fmt: skip
    assert status["videos"] == sum(
        status[name] for name in ("unsubmitted", "pending", "to_land", "landed", "failed", "lost")
    )


def test_a_partition_is_complete_when_all_of_a_collection_has_landed(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1", collection='it\'s "so"'), video("v2", collection="films"))
    done_task(warehouse)
    write(warehouse.landing_folder, "assets", asset_reply("a1", feature("f1")))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1.0], "audio": [1.0]}))
    status = "SELECT collection, complete, landed_ratio, features, vectors FROM mixpeek.pipeline_status ORDER BY ALL"

    assert query(warehouse, status) == [("films", False, 0, 0, 0), ('it\'s "so"', True, 1, 1, 2)]


@pytest.fixture
def failed(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """A warehouse in which everything went wrong that can."""
    add_videos(warehouse, *(video(name) for name in ("v1", "v2", "v3", "v4", "v5")))
    task(warehouse, "v1", accepted("v1"), settled("v1", "failed", error={"reason": "no picture"}))
    task(warehouse, "v2", accepted("v2"), settled("v2", "cancelled"))
    task(warehouse, "v3", accepted("v3"), settled("v3", "lost", error={"reason": "not ended"}))
    task(warehouse, "v4", settled("v4", "lost", error={"reason": "no answer"}))
    done_task(warehouse, "v5", "a5")
    write(warehouse.landing_folder, "assets", asset_reply("a5", feature("f5"), video_id="v5"))
    write(warehouse.landing_folder, "assets", refused_asset("a6", video_id="v5"))
    write(warehouse.landing_folder, "vectors", {**refused_feature("f5"), "asset_id": "a5", "video_id": "v5"})
    warehouse.load_pending()
    bad = manifest(tmp_path, source="it's.csv", problems=[problem("it's.csv row 2", "has no url")])
    warehouse.upsert_videos(
        bad.videos, source=bad.source, problems=bad.problems, partitions=[DAY], now=NOON, run_id="r"
    )
    return warehouse


def test_failures_say_what_went_wrong_and_why(failed: Warehouse) -> None:
    found = query(failed, "SELECT kind, what, reason, task_id, object_id FROM mixpeek.failures ORDER BY kind, what")

    assert found == [
        ("cancelled", "v2.mp4", "no reason given", "task-v2", None),
        ("failed", "v1.mp4", "no picture", "task-v1", None),
        ("lost", "v3.mp4", "not ended", "task-v3", None),
        ("lost", "v4.mp4", "no answer", None, None),
        ("manifest", "it's.csv row 2", "has no url", None, "it's.csv row 2"),
        ("rejected", "asset a6 of v5.mp4", "404: it is gone", None, "a6"),
        ("rejected", "feature f5 of v5.mp4", "404: it is gone", None, "f5"),
    ]
    assert {row["partition_date"] for row in rows(failed, "FROM mixpeek.failures")} == {DAY}


def test_what_to_do_about_a_failure_is_a_command_that_takes_it(failed: Warehouse) -> None:
    told = dict(query(failed, "SELECT what, what_to_do FROM mixpeek.failures"))
    commands = {
        what: match.groups()
        for what, words in told.items()
        if (match := re.search(r"mixpeek-assets retry --reason (\w+) --video (\w+)$", words))
    }

    assert told.keys() - commands.keys() == {"v4.mp4", "it's.csv row 2"}
    for what, (reason, video_id) in commands.items():
        taken = failed.retry(RetrySelection(reason=reason, video=video_id), dry_run=True)
        assert any(one.object_id in what for one in taken), (what, taken)


def test_a_file_that_could_not_be_loaded_is_a_failure(warehouse: Warehouse) -> None:
    write(warehouse.landing_folder, "tasks", accepted()).write_text("nonsense\n")
    warehouse.load_pending()
    [failure] = rows(warehouse, "FROM mixpeek.failures")

    assert failure["kind"] == "landing"
    assert failure["what"].endswith(".bad")
    assert "rename it to end with .ndjson" in failure["what_to_do"]


def test_who_looks_at_one_collection_sees_its_rows_in_every_view(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1", collection="it's"), video("v2", collection="films"))
    for name in ("v1", "v2"):
        task(warehouse, name, accepted(name), settled(name, "failed", error={"reason": "no"}))
        land(warehouse, "assets", asset_reply(f"a-{name}", feature(f"f-{name}"), video_id=name))
    one = Warehouse(warehouse.site, timeout=30, collection="it's")

    for view in ("moments", "pipeline_status", "failures"):
        assert [row["collection"] for row in rows(one, f"FROM mixpeek.{view}")] == ["it's"], view
