"""Warehouses to compare: a file, a lake in a folder, and a lake in a bucket of a real S3 server on this machine."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.services import PostgresServer, S3Server
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse

FILE, FOLDER, BUCKET = "DuckDB file", "lake in a folder", "lake on S3"


def variables(kind: str, folder: Path, postgres: PostgresServer, s3: S3Server) -> Mapping[str, str]:
    """Return the environment of a new, empty warehouse."""
    if kind == FILE:
        return {"MIXPEEK_DATA_DIR": str(folder), "MIXPEEK_PUBLISH_SECONDS": "0"}
    name = f"site{uuid.uuid4().hex[:12]}"
    place = str(folder / "lake") if kind == FOLDER else s3.make_bucket(name)
    return {
        "MIXPEEK_DATA_DIR": str(folder),
        "MIXPEEK_CLUSTER": postgres.make_database(name),
        "MIXPEEK_LAKE": place if kind == FOLDER else f"{place}/mixpeek",
        **s3.environment,
    }


@contextmanager
def warehouse_of(environment: Mapping[str, str]) -> Iterator[Warehouse]:
    """Open the warehouse that an environment names, which also holds for what is started meanwhile."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield open_warehouse(load_settings())
    finally:
        os.environ.clear()
        os.environ.update(before)
