"""What else reads pages of documents with their vectors: a bare client, DuckDB alone, the vendor's SDK, dlt.

Each takes the server's URL, the groups of video_keys to ask for and a folder of its own, and returns how many documents
it has read.
"""

# What they stand on is in locks/bench.txt alone.
# pyright: reportMissingImports=false, reportOperatorIssue=false

import asyncio
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dlt
import duckdb
import orjson
import uvloop
from dlt.sources.helpers import requests as dlt_requests
from mixpeek import Mixpeek

from benchmarks.pipeline.document_pages import MULTIMODAL, TRANSCRIPTION

Groups = Sequence[Sequence[str]]

PAGE = 100
_LIST = b"/v1/collections/col_1/documents/list"
_LARGEST = 1 << 26
_CURSOR = re.compile(rb'"next_cursor":"(\w+)"')


def asking(keys: Sequence[str], cursor: str | None = None) -> dict[str, Any]:
    """Return the body that asks for a page of these videos' documents, as the pipeline does."""
    filters = {"AND": [{"field": "video_key", "operator": "in", "value": list(keys)}]}
    return {"filters": filters, "limit": PAGE, "return_vectors": True, **({"cursor": cursor} if cursor else {})}


def wire(url: str, groups: Groups, _: Path, concurrency: int = 16) -> int:
    """Read the bytes of every page, and look at nothing but where the next one begins."""
    return uvloop.run(_read(urlsplit(url).port or 80, iter(groups), concurrency))


async def _read(port: int, groups: Iterator[Sequence[str]], concurrency: int) -> int:
    async def read() -> int:
        documents = 0
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LARGEST)
        for keys in groups:
            cursor, more = None, True
            while more:
                body = orjson.dumps(asking(keys, cursor))
                writer.write(b"POST %s HTTP/1.1\r\nHost: benchmark\r\nContent-Length: %d\r\n\r\n" % (_LIST, len(body)))
                writer.write(body)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
                page = await reader.readexactly(length)
                documents += page.count(b'"document_id":')
                found = _CURSOR.search(page, length - 200)
                cursor, more = (found[1].decode(), True) if found else (None, False)
        writer.close()
        return documents

    return sum(await asyncio.gather(*(read() for _ in range(concurrency))))


def duckdb_alone(files: Sequence[Path], folder: Path) -> int:
    """Have DuckDB read the pages from disk, straight into one table: nothing is checked, replaced or merged."""
    row = f'STRUCT(document_id VARCHAR, video_key VARCHAR, "{MULTIMODAL}" FLOAT[], "{TRANSCRIPTION}" FLOAT[])[]'
    with duckdb.connect(folder / "alone.duckdb") as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            "CREATE TABLE documents AS SELECT unnest(results, recursive := true)"
            f" FROM read_json($files, columns = {{results: '{row}'}}, maximum_object_size = {_LARGEST})",
            {"files": [str(file) for file in files]},
        )
        return connection.execute("SELECT count(*) FROM documents").fetchall()[0][0]


def sdk(url: str, groups: Groups, _: Path) -> int:
    """List the documents as the vendor's client does, one page after the other; it stores nothing."""
    client = Mixpeek("benchmark", namespace="videos", base_url=f"{url}/v1")
    found: list[Any] = []
    for keys in groups:
        cursor, more = None, True
        while more:
            filters = asking(keys)["filters"]
            page = client.documents.list("col_1", page_size=PAGE, cursor=cursor, return_vectors=True, filters=filters)
            found += page["results"]
            cursor = page["pagination"]["next_cursor"]
            more = cursor is not None
    return len(found)


def dlt_pipeline(url: str, groups: Groups, folder: Path, concurrency: int = 16) -> int:
    """Read pages with a parallelized dlt transformer, and load with its own DuckDB destination."""
    os.environ["EXTRACT__WORKERS"] = str(concurrency)
    os.environ["EXTRACT__MAX_PARALLEL_ITEMS"] = str(concurrency)
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    session = dlt_requests.Session()

    @dlt.resource(name="groups")
    def listed() -> Iterator[list[str]]:
        yield from map(list, groups)

    # As JSON: dlt would make a table of its own of each list, with a row per number.
    as_json = {name: {"data_type": "json"} for name in (MULTIMODAL, TRANSCRIPTION)}

    @dlt.transformer(name="documents", data_from=listed, parallelized=True, columns=as_json)
    def read(keys: list[str]) -> Iterator[list[Any]]:
        cursor, more = None, True
        while more:
            page = session.post(url + _LIST.decode(), json=asking(keys, cursor)).json()
            yield page["results"]
            cursor = page["pagination"]["next_cursor"]
            more = cursor is not None

    database = folder / "dlt.duckdb"
    pipeline = dlt.pipeline(
        "documents",
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="mixpeek",
        pipelines_dir=str(folder / "dlt"),
    )
    pipeline.run(listed | read)
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute("SELECT count(*) FROM mixpeek.documents").fetchall()[0][0]
