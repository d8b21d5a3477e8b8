"""Bodies of replies: rows of the store in the guide's shapes."""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from mixpeek_local.extract.records import Vector
from mixpeek_local.http.signed_links import links

MODALITIES = ("video", "image", "text", "audio")


def ingest_body(task_id: str, url: str) -> dict[str, Any]:
    """`POST /ingest/videos/url` of all eras (guide, step 1; contract b2)."""
    return {
        "message": "Video URL processing queued",
        "task_id": task_id,
        "status": "QUEUED",
        "inputs": [url],
        "outputs": [],
    }


def task_body(task: sqlite3.Row) -> dict[str, Any]:
    """`GET /tasks/{id}` of all eras (guide, step 2; contract b3), with progress and the reason of a failure.

    The later eras have no `asset_id`: `outputs` has it.
    """
    asset_id = task["asset_id"] or None
    has_asset = asset_id is not None and task["status"] in ("DONE", "SKIPPED")
    body = {
        "asset_id": asset_id,
        "task_id": task["task_id"],
        "status": task["status"],
        "inputs": [task["url"]] if task["url"] else [],
        "outputs": [asset_id] if has_asset else [],
        "progress": 1.0 if task["status"] == "DONE" else task["progress"],
    }
    return body | {"error": task["error"]} if task["status"] == "FAILED" else body


def asset_body(asset: sqlite3.Row, previews: Path, *, with_url: bool = True) -> dict[str, Any]:
    """An asset of all eras (guide, step 3; contract b4)."""
    return {
        "asset_id": asset["asset_id"],
        "collection_id": asset["collection_id"],
        "status": asset["status"],
        "url": asset["url"] if with_url else None,
        "metadata": orjson.loads(asset["metadata"]),
        "error": asset["error"],
        "modality": asset["modality"],
        "task_id": asset["task_id"],
        "file_hash": asset["file_hash"],
        "unique_hash": asset["file_hash"],
        "file_data": orjson.loads(asset["file_data"]),
        "duplicate_of": asset["duplicate_of"],
        "updated_at": _zoneless(asset["updated_at"]),
        "created_at": _zoneless(asset["created_at"]),
        "preview_url": None,
        **preview_fields(asset, previews),
        "score": None,
    }


def features_body(features: list[sqlite3.Row], previews: Path) -> dict[str, list[dict[str, Any]]]:
    """The features of `GET /assets/{id}/features`: one list for each modality, also empty ones."""
    bodies: dict[str, list[dict[str, Any]]] = {modality: [] for modality in MODALITIES}
    for feature in features:
        bodies[feature["modality"]].append(feature_body(feature, previews))
    return bodies


def feature_body(feature: sqlite3.Row, previews: Path, vectors: dict[str, Vector] | None = None) -> dict[str, Any]:
    """A feature as in a list, or with its vectors (guide, step 4; contract b5)."""
    body = {
        "feature_id": feature["feature_id"],
        "modality": feature["modality"],
        "asset_id": feature["asset_id"],
        "collection_id": feature["collection_id"],
        "metadata": orjson.loads(feature["metadata"]),
        "created_at": _with_z(feature["created_at"]),
        "start_time": feature["start_time"],
        "end_time": feature["end_time"],
        **orjson.loads(feature["details"]),
        **preview_fields(feature, previews),
    }
    return body if vectors is None else body | {"vectors": vectors}


def preview_fields(row: sqlite3.Row, previews: Path, url: str = "preview_url") -> dict[str, str]:
    """Where the thumbnail of a row is, if it has one: for web pages, and the file, which stays when the server ends.

    Args:
        row: With the name of the file as `preview`.
        previews: The folder of thumbnails.
        url: What the field for web pages is called.
    """
    name = row["preview"]
    if name is None:
        return {}
    return {url: links().url("previews", name), "preview_file": (previews / name).absolute().as_uri()}


def _zoneless(timestamp: str) -> str:
    # In the guide, assets have milliseconds and no zone, features microseconds and Z.
    moment = datetime.fromisoformat(timestamp).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "000"


def _with_z(timestamp: str) -> str:
    return timestamp.removesuffix("+00:00") + "Z"
