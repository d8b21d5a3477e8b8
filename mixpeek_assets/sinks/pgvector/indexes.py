"""HNSW indexes: one for each named vector and dimension, made when nearly all vectors are there."""

# pyright: reportMissingImports=false

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from mixpeek_assets.sinks.pgvector.statements import fetch, run
from mixpeek_assets.sinks.port import Indexed, NamedVector, is_bulk_loaded

if TYPE_CHECKING:
    from psycopg import Connection

FEWEST = 5_000
"""Vectors of a name that are worth an index: fewer are compared one by one, in some 30 ms at 1,024 dimensions."""

LONGEST = 2_000
"""Dimensions that an index of type `vector` takes, and ..."""
LONGEST_HALF = 4_000
"""... one of type `halfvec`."""

_MOST_MEMORY = 2 << 30
"""Bytes for a build, where the server's own maintenance_work_mem is not more."""


@dataclass(frozen=True)
class Index:
    """An index to make: of the vectors of a name that have so many dimensions."""

    vector_name: str
    dimensions: int
    vectors: int

    @property
    def name(self) -> str:
        """Its name: that of a vector may be anything, and longer than an identifier."""
        digest = hashlib.sha256(self.vector_name.encode()).hexdigest()[:16]
        return f"vectors_hnsw_{digest}_{self.dimensions}"

    @property
    def type(self) -> str:
        """What it holds."""
        return "vector" if self.dimensions <= LONGEST else "halfvec"

    @property
    def memory(self) -> int:
        """Bytes that its graph takes while it is built: the numbers, and the neighbours (m = 16)."""
        return self.vectors * (self.dimensions * (4 if self.type == "vector" else 2) + 1_024)


def due(
    connection: "Connection[Any]", named_vectors: Sequence[NamedVector], only: str | None, fewest: int
) -> list[Index]:
    """Return the indexes that are worth it and not there, or broken."""
    held: dict[tuple[str, int], tuple[int, int]] = {
        (name, dimensions): (vectors, ours)
        for name, dimensions, vectors, ours in fetch(connection, "names", collection=only)
    }
    there = {name for (name,) in fetch(connection, "valid_indexes")}
    found: list[Index] = []
    for named in named_vectors:
        if named.dimensions is None or named.dimensions > LONGEST_HALF:
            continue
        vectors, ours = held.get((named.name, named.dimensions), (0, 0))
        index = Index(named.name, named.dimensions, vectors)
        if vectors >= fewest and is_bulk_loaded(ours, named.vectors) and index.name not in there:
            found.append(index)
    return found


def make(connection: "Connection[Any]", index: Index, *, alone: bool = False) -> Indexed:
    """Make an index, in a transaction: a build that is killed leaves nothing."""
    began = time.perf_counter()
    run(connection, "build_settings", memory=min(index.memory, _MOST_MEMORY) // 1024)
    if alone:
        run(connection, "build_alone")
    name = sql.Identifier("mixpeek", index.name)
    connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(name))
    connection.execute(
        sql.SQL(
            "CREATE INDEX {name} ON mixpeek.vectors USING hnsw ((embedding::{type}({dimensions})) {metric})"
            " WHERE vector_name = {vector_name} AND dimensions = {dimensions}"
        ).format(
            name=sql.Identifier(index.name),
            type=sql.Identifier(index.type),
            dimensions=sql.Literal(index.dimensions),
            metric=sql.Identifier(f"{index.type}_cosine_ops"),
            vector_name=sql.Literal(index.vector_name),
        )
    )
    run(connection, "analyze")
    return Indexed(index.vector_name, index.vectors, f"HNSW ({index.type})", time.perf_counter() - began)
