"""Manifests, events and replies as the pipeline writes them: a test spells out only what it is about."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from mixpeek_assets.lock import exclusive
from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.warehouse.file_store import FileStore
from mixpeek_assets.warehouse.landing_files import Kind, LandingFile
from mixpeek_assets.warehouse.landing_lines import FeatureLine
from mixpeek_assets.warehouse.loading import Loaded
from mixpeek_assets.warehouse.publishing import Publisher
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import VideoToSubmit
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.stores import site_in
from tests.fakes.videos import upsert
from tests.warehouse.asking import ask

DAY = date(2026, 11, 1)
NEXT_DAY = date(2026, 11, 2)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

ASSETS_ENDPOINT = "GET /assets/{id}/features"
FEATURES_ENDPOINT = "GET /features/{id}"

Row = dict[str, Any]


def at(seconds: float) -> datetime:
    """A moment of the day, in seconds from noon."""
    return NOON + timedelta(seconds=seconds)


def warehouse_in(folder: Path, timeout: float = 30) -> Warehouse:
    """The warehouse of a test's folder, for another who works with it."""
    return Warehouse(site_in(folder / "warehouse.duckdb"), timeout)


def file_of(warehouse: Warehouse) -> Path:
    """The DuckDB file, of a test that is about it."""
    assert isinstance(warehouse.site.store, FileStore)
    return warehouse.site.store.path


def publisher_of(warehouse: Warehouse) -> Publisher:
    """What publishes the warehouse's file."""
    assert warehouse.publisher is not None
    return warehouse.publisher


@contextmanager
def reading(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """Look into a file as a user does, with plain DuckDB (in half the time of our own connection), in our turn."""
    if not isinstance(warehouse.site.store, FileStore):
        with warehouse.database.connection(read_only=True) as connection:
            yield connection
        return
    file = file_of(warehouse)
    if not file.exists():
        ask(warehouse, Reader.table_counts)
    lock = file.with_name(f"{file.name}.lock")
    with exclusive(lock, 30), duckdb.connect(file, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def query(warehouse: Warehouse, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Ask what a user might ask."""
    with reading(warehouse) as connection:
        return connection.execute(statement, parameters or {}).fetchall()


def table(warehouse: Warehouse, name: str, *, without: Iterable[str] = ("loaded_at",)) -> list[Row]:
    """All rows of a table, in one order."""
    return _tables(warehouse, [name], without)[name]


def all_tables(warehouse: Warehouse, *, without: Iterable[str] = ("loaded_at",)) -> dict[str, list[Row]]:
    return _tables(warehouse, ["videos", "tasks", "assets", "features", "vectors", "rejects"], without)


def _tables(warehouse: Warehouse, names: Iterable[str], without: Iterable[str]) -> dict[str, list[Row]]:
    tables: dict[str, list[Row]] = {}
    with reading(warehouse) as connection:
        for name in names:
            found = connection.execute(f"SELECT * FROM mixpeek.{name} ORDER BY ALL")
            columns = [column[0] for column in found.description or []]
            rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
            tables[name] = [{key: value for key, value in row.items() if key not in without} for row in rows]
    return tables


def the_task(warehouse: Warehouse, video_id: str = "v1", attempt: int = 1) -> Row:
    [task] = [task for task in table(warehouse, "tasks") if task["video_id"] == video_id and task["attempt"] == attempt]
    return task


def video(video_id: str = "v1", **fields: Any) -> Row:
    """A row of a manifest."""
    return {
        "video_id": video_id,
        "collection": "default",
        "url": f"https://videos.test/{video_id}.mp4",
        "metadata": None,
        "source": "videos.csv",
        "added_at": None,
        **fields,
    }


def manifest(folder: Path, *videos: Row, source: str = "videos.csv", problems: Sequence[Row] = ()) -> Manifest:
    """A manifest that was read and checked."""
    file = folder / f"manifest-{uuid.uuid4().hex}.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE listed (video_id VARCHAR, collection VARCHAR, url VARCHAR, metadata JSON, source VARCHAR,"
            " added_at TIMESTAMPTZ)"
        )
        for row in videos:
            connection.execute(
                "INSERT INTO listed VALUES ($video_id, $collection, $url, $metadata, $source, $added_at)", row
            )
        connection.execute(f"COPY listed TO '{file}' (FORMAT parquet)")
    return Manifest(
        source=source,
        videos=file,
        lines=len(videos) + len(problems),
        repeated=0,
        unusable=len(problems),
        problems=[{"day": "", **one} for one in problems],
    )


def add_videos(warehouse: Warehouse, *videos: Row, day: date = DAY) -> int:
    """Put videos into a partition, as a run of that day does."""
    folder = warehouse.landing_folder.parent
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return upsert(warehouse, manifest(folder, *videos), [day], now, "run-videos")


def intend(warehouse: Warehouse, *video_ids: str, attempt: int = 1, day: date = DAY) -> None:
    """Commit the intents to submit some videos."""
    videos = [VideoToSubmit(video_id, "", "", None, day, attempt, "new", None, None) for video_id in video_ids]
    warehouse.insert_intents(videos, "run-tasks")


def event(video_id: str = "v1", *, attempt: int = 1, seconds: float = 0, polls: int = 0, **fields: Any) -> Row:
    """What a submission or a poll has told of a task."""
    return {"video_id": video_id, "attempt": attempt, "seen_at": at(seconds), "polls": polls, **fields}


def accepted(video_id: str = "v1", *, seconds: float = 0, **fields: Any) -> Row:
    """The answer to a submission."""
    moment = at(seconds)
    told = {"state": "open", "task_id": f"task-{video_id}", "submitted_at": moment, "next_poll_at": moment}
    return event(video_id, seconds=seconds, **{**told, **fields})


def settled(video_id: str = "v1", state: str = "done", *, seconds: float = 60, **fields: Any) -> Row:
    """A poll that finds a task to be over."""
    moment = at(seconds)
    told = {"state": state, "status": state.upper(), "polled_at": moment, "settled_at": moment, "polls": 1}
    return event(video_id, seconds=seconds, **{**told, **fields})


def task(warehouse: Warehouse, video_id: str, *events: Row, attempt: int = 1, day: date = DAY) -> None:
    """Submit a video and apply what came of it."""
    intend(warehouse, video_id, attempt=attempt, day=day)
    if events:
        land(warehouse, "tasks", *({**told, "video_id": video_id, "attempt": attempt} for told in events))


def done_task(warehouse: Warehouse, video_id: str = "v1", asset_id: str = "a1", *, day: date = DAY) -> None:
    """Submit a video whose task is done."""
    task(warehouse, video_id, accepted(video_id), settled(video_id, asset_id=asset_id), day=day)


def feature(feature_id: str = "f1", **fields: Any) -> Row:
    """A feature as an asset lists it, or as its own reply gives it."""
    return {
        "feature_id": feature_id,
        "collection_id": None,
        "modality": "image",
        "start_time": 0.0,
        "end_time": 1.0,
        "text": None,
        "transcription": None,
        "description": None,
        "metadata": None,
        "created_at": None,
        "payload": {"feature_id": feature_id},
        **fields,
    }


def problem(object_id: str, reason: str = "404: it is gone", excerpt: str = "{}") -> Row:
    return {"object_id": object_id, "reason": reason, "excerpt": excerpt}


def asset_reply(
    asset_id: str = "a1",
    *features: Row,
    video_id: str = "v1",
    seconds: float = 0,
    problems: Sequence[Row] = (),
    day: date = DAY,
    **fields: Any,
) -> Row:
    """A reply of GET /assets/{id}/features, with these features."""
    return {
        "asset_id": asset_id,
        "video_id": video_id,
        "partition_date": day,
        "run_id": "run-assets",
        "fetched_at": at(seconds),
        "asset": {"task_id": f"task-{video_id}", "status": "DONE", "payload": {"asset_id": asset_id}, **fields},
        "features": list(features),
        "problems": list(problems),
    }


def refused_asset(asset_id: str = "a1", *, video_id: str = "v1", seconds: float = 0) -> Row:
    """What is kept of an asset that the server refuses to give."""
    kept = asset_reply(asset_id, video_id=video_id, seconds=seconds, problems=[problem(asset_id)])
    return {key: value for key, value in kept.items() if key not in ("asset", "features")}


def feature_reply(
    feature_id: str = "f1",
    dense: Mapping[str, Sequence[float]] | None = None,
    *,
    sparse: Mapping[str, Row] | None = None,
    asset_id: str = "a1",
    video_id: str = "v1",
    seconds: float = 0,
    problems: Sequence[Row] = (),
    day: date = DAY,
    modality: str | None = "image",
    **fields: Any,
) -> Row:
    """A reply of GET /features/{id}, with these named vectors; `fields` are the feature's own."""
    dense, sparse = dense or {}, sparse or {}
    return {
        "feature_id": feature_id,
        "asset_id": asset_id,
        "video_id": video_id,
        "modality": modality,
        "partition_date": day,
        "run_id": "run-vectors",
        "fetched_at": at(seconds),
        "feature": {"payload": {"feature_id": feature_id}, **fields},
        "dense": dense,
        "sparse": sparse,
        "vectors": len(dense) + len(sparse),
        "problems": list(problems),
    }


def refused_feature(feature_id: str = "f1", *, seconds: float = 0, reason: str = "404: it is gone") -> Row:
    """What is kept of a feature that the server refuses to give."""
    kept = feature_reply(feature_id, seconds=seconds, problems=[problem(feature_id, reason)])
    return {key: value for key, value in kept.items() if key not in ("feature", "dense", "sparse", "vectors")}


def write(folder: Path, kind: Kind, *records: Row) -> Path:
    """Write a landing file, and do not load it."""
    before = set(folder.glob("*.ndjson"))
    with LandingFile(folder, kind) as file:
        for record in records:
            file.append(FeatureLine(**record) if kind == "vectors" else record)
    [written] = set(folder.glob("*.ndjson")) - before
    return written


def land(warehouse: Warehouse, kind: Kind, *records: Row) -> Loaded:
    """Write a landing file and load it."""
    write(warehouse.landing_folder, kind, *records)
    return warehouse.load_pending()
