"""What a table of the LanceDB sink looks like, how rows become its rows, and whether one that is there is ours."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mixpeek_assets.sinks.errors import SinkError
from mixpeek_assets.sinks.rows import SCHEMA
from mixpeek_assets.sql_files import identifier_part

SPARSE = "sparse_vectors"
"""The table of all sparse vectors: Lance has no index for them."""

_MARK = b"mixpeek_assets"
_NAME = b"vector_name"


def table_of(vector_name: str, width: int | None) -> str:
    """Return the table of a named vector; no two share one, but for the sparse."""
    return SPARSE if width is None else f"vectors_{identifier_part(vector_name)}"


def may_be_ours(table: str) -> bool:
    """Say whether a table is called like one of ours."""
    return table == SPARSE or table.startswith("vectors_")


def schema_of(vector_name: str, width: int | None) -> pa.Schema:
    """Return the columns of a table, with the mark that it is ours.

    A Lance vector has one width, so that a table of embeddings has no column for sparse ones, nor the other way round.
    """
    if width is None:
        return pa.schema([field for field in SCHEMA if field.name != "embedding"], {_MARK: b"sparse"})
    embedding = pa.field("embedding", pa.list_(pa.float32(), width))
    fields = [embedding if field.name == "embedding" else field for field in SCHEMA if field.name != "sparse"]
    return pa.schema(fields, {_MARK: b"vectors", _NAME: vector_name.encode()})


def is_ours(schema: pa.Schema) -> bool:
    """Say whether a table has our mark."""
    return _MARK in (schema.metadata or {})


def width_of(schema: pa.Schema) -> int | None:
    """Return how many numbers the embeddings of a table have; None: it is that of sparse vectors."""
    return schema.field("embedding").type.list_size if "embedding" in schema.names else None


def check(place: str, table: str, found: pa.Schema, vector_name: str) -> None:
    """Check that a table is ours, and has the columns of today.

    Raises:
        SinkError: it is somebody else's, or another version of mixpeek_assets made it.
    """
    if not is_ours(found) or (found.metadata or {}).get(_NAME, vector_name.encode()) != vector_name.encode():
        raise SinkError(
            f"{place}: the table {table} is there, and mixpeek_assets did not make it: rename it, or set"
            " MIXPEEK_SINK_LANCEDB to another folder"
        )
    wanted = schema_of(vector_name, width_of(found))
    if found.names != wanted.names:
        raise SinkError(
            f"{place}: another version of mixpeek_assets made the table {table}, with other columns: delete its folder"
            f" {table}.lance, and materialize lancedb_vectors again"
        )


def by_table(batch: pa.RecordBatch) -> Iterator[tuple[str, int | None, pa.RecordBatch]]:
    """Yield the rows of each named vector and width (None: sparse)."""
    widths = pc.list_value_length(batch["embedding"]).to_pylist()  # type: ignore[attr-defined]
    kinds = list(zip(batch["vector_name"].to_pylist(), widths, strict=True))
    distinct = dict.fromkeys(kinds)
    for kind in distinct:
        rows = batch if len(distinct) == 1 else batch.filter(pa.array([one == kind for one in kinds]))
        yield (*kind, rows)


def as_rows_of(schema: pa.Schema, rows: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows with the columns of a table."""
    return pa.RecordBatch.from_arrays([_column(field, rows) for field in schema], schema=schema)


def _column(field: Any, rows: pa.RecordBatch) -> Any:
    if pa.types.is_fixed_size_list(field.type):
        return pa.FixedSizeListArray.from_arrays(rows[field.name].flatten(), field.type.list_size)
    return rows[field.name].cast(field.type)
