"""Indexes of named vectors, by which searches find the nearest without comparing all: plain tables, no extension.

A code is the signs of a vector's coordinates, 64 in an integer. A search looks at the vectors whose codes are nearest,
as many as it took for a sample of true neighbours. Without an index, or beside what it covers, a search compares
exactly: it is slower then, never wrong.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, cast

import duckdb
import numpy as np
from numpy.typing import NDArray

from mixpeek_assets.sql_files import identifier_part, literal
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.lake import is_lake
from mixpeek_assets.warehouse.search_macros import differing_bits, refresh_search_macros
from mixpeek_assets.warehouse.vector_codes import Encoder, Floats, needed_pools, ranks, rotated, shrink
from mixpeek_assets.warehouse.views import refresh_views

log = logging.getLogger(__name__)

LEAST = 20_000
"""Of fewer vectors, an exact search takes a few hundredths of a second: no index is kept."""

RECALL = 0.99
"""What an index must reach at ten neighbours; where nothing does, searches stay exact."""

NEIGHBOURS = 10
_SMALLEST_POOL, _LARGEST_POOL = 256, 8192
_MARGIN = 2
"""The pool is so many times what the sample needed: queries are no stored vectors, and more vectors will come."""
_GROWTH = 2
"""An index is built anew once its vectors are so many times as many."""

_SAMPLE, _QUERIES, _BATCH = 20_000, 32, 16_384
_MOST_OWN_AXES = 2048
"""A code of more axes takes longer to scan than one of rotated axes."""
_ROTATED_AXES = (512, 1024)
_BLOCK_MILLISECONDS, _POOL_MILLISECONDS = 1.25e-6, 3e-3
"""Measured with two cores: to scan a column of a code, a vector; to look at a vector of the pool."""
_CERTAIN = 0.995
"""The part of the true neighbours that the pool is to have, before its margin."""

_IN_LAKE = "a lake as its warehouse, where no row can be read by its place"
"""Measured: to read 100 of 150,000 vectors of 256 floats by row id takes two thirds of the time of an exact search."""

Method = Literal["signs", "rotated signs", "exact"]


@dataclass(frozen=True)
class Indexed:
    """What a refresh did for a named vector.

    Attributes:
        vector_name: The named vector.
        vectors: How many it has.
        method: How it is searched; `exact` is without an index.
        why: Why it has no index; empty if it has one.
        encoded: How many codes were made.
        removed: How many codes of vectors that are no longer there, or have changed, were removed.
        pool: How many of the nearest codes a search for ten neighbours looks at.
        recall: The part of the true neighbours of a sample that the pool has; None while there is no index.
        seconds: How long it took.
    """

    vector_name: str
    vectors: int
    method: Method
    why: str = ""
    encoded: int = 0
    removed: int = 0
    pool: int | None = None
    recall: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class _Index:
    """A row of `vector_indexes`."""

    key: str
    dimensions: int
    method: Method
    pool: int
    recall: float
    vectors: int
    covered_until: datetime
    mean: list[float]


@dataclass(frozen=True)
class Staleness:
    """How far an index is behind its vectors.

    Attributes:
        vector_name: The named vector.
        without_code: Vectors that have no code; each search compares them exactly.
        without_vector: Codes whose vector is gone or has changed; they find nothing.
    """

    vector_name: str
    without_code: int
    without_vector: int


def refresh(
    connection: duckdb.DuckDBPyConnection, partitions: Sequence[date] | None = None, *, least: int = LEAST
) -> list[Indexed]:
    """Make the indexes cover the vectors: encode what is new, and forget what is gone.

    Each named vector is a transaction of its own.

    Args:
        connection: An open warehouse, outside a transaction.
        partitions: Encode vectors of these days only; None is all. An index is built of all days.
        least: A named vector with fewer vectors has no index.
    """
    refresh_views(connection)  # It also tells searches which names there are.
    named = SQL.run(connection, "vectors_to_index").fetchall()
    if is_lake(connection):
        return [Indexed(name, vectors, "exact", _IN_LAKE) for name, _, vectors in named]
    return [
        _refresh_one(connection, name, dimensions, vectors, partitions, least) for name, dimensions, vectors in named
    ]


def recall_of(connection: duckdb.DuckDBPyConnection, vector_name: str, sample: int = _QUERIES) -> float | None:
    """Return the part of the ten true neighbours of some vectors that a search finds; None if there is no index.

    Of equally near neighbours, any count.
    """
    index = _index_of(connection, vector_name)
    if index is None or index.method == "exact":
        return None
    found = true = 0
    for query in _sample(connection, vector_name, sample)[1]:
        # A vector is found by itself, which says nothing.
        bound = {"vector_name": vector_name, "query": query.tolist(), "k": NEIGHBOURS + 1}
        ((least, neighbours),) = SQL.run(connection, "true_neighbours", **bound).fetchall()
        near = [one for one in SQL.values(connection, "found_neighbours", **bound) if one is not None]
        true += max(neighbours - 1, 0)
        found += max(sum(one >= least for one in near) - 1, 0)
    return found / true if true else None


def staleness(connection: duckdb.DuckDBPyConnection) -> list[Staleness]:
    """Return how far each index is behind."""
    return [
        Staleness(name, *_run_of(connection, "index_staleness", key, vector_name=name).fetchall()[0])
        for name, key in SQL.run(connection, "vector_indexes").fetchall()
    ]


def behind(connection: duckdb.DuckDBPyConnection, *, least: int = LEAST) -> list[str]:
    """Return the named vectors whose searches a refresh would make faster: a hundredth of them is not covered.

    Args:
        connection: The open file.
        least: A named vector with fewer vectors has no index.
    """
    if is_lake(connection):
        return []
    stale = {one.vector_name: one.without_code + one.without_vector for one in staleness(connection)}
    return [
        name
        for name, dimensions, vectors in SQL.run(connection, "vectors_to_index").fetchall()
        if not _why_none(name, dimensions, vectors, least)
        and (stale[name] * 100 > vectors if name in stale else _index_of(connection, name) is None)
    ]


def _refresh_one(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    dimensions: int | None,
    vectors: int,
    partitions: Sequence[date] | None,
    least: int,
) -> Indexed:
    began = time.monotonic()
    connection.begin()
    try:
        index = _index_of(connection, name)
        if why := _why_none(name, dimensions, vectors, least):
            if index is not None:
                _drop(connection, name)
            done = Indexed(name, vectors, "exact", why)
        elif index is None or index.dimensions != dimensions or vectors > _GROWTH * index.vectors:
            done = _build(connection, name, vectors)
        else:
            done = _update(connection, name, index, vectors, partitions)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return replace(done, seconds=time.monotonic() - began)


def _why_none(name: str, dimensions: int | None, vectors: int, least: int) -> str:
    if vectors < least:
        return f"fewer than {least:,} vectors"
    if dimensions is None:
        return "its vectors have different dimensions"
    return "its name has a zero byte" if "\0" in name else ""


def _build(connection: duckdb.DuckDBPyConnection, name: str, vectors: int) -> Indexed:
    _drop(connection, name)
    ids, sample = _sample(connection, name, _SAMPLE)
    encoder = _best_encoder(sample, vectors)
    key = identifier_part(name)
    method: Method = "signs" if encoder.weights is None else "rotated signs"
    connection.execute(
        "INSERT INTO mixpeek_internal.vector_indexes BY NAME SELECT $key AS key, $name AS vector_name,"
        " $dimensions AS dimensions, $method AS method, $blocks AS blocks, $vectors AS vectors, now() AS built_at,"
        " $mean::FLOAT[] AS mean",
        {
            "key": key,
            "name": name,
            "dimensions": len(encoder.mean),
            "method": method,
            "blocks": encoder.blocks,
            "vectors": vectors,
            "mean": encoder.mean.tolist(),
        },
    )
    _write_axes(connection, name, encoder)
    connection.execute(_codes_table(key, encoder))
    connection.execute(
        f"COMMENT ON TABLE mixpeek_internal.codes_{key} IS"
        f" {literal(f'The codes of the named vector {name}, with a small copy of each vector.')}"
    )
    encoded = _encode(connection, name, key, encoder, None)
    needed = _needed(connection, name, key, encoder, ids[:_QUERIES], sample[:_QUERIES])
    pool = int(np.clip(_MARGIN * np.quantile(needed, _CERTAIN), _SMALLEST_POOL, _LARGEST_POOL))
    recall = float((needed <= pool).mean())
    if recall < RECALL:
        # The row stays, so that the next refresh does not try again.
        connection.execute(f"DROP TABLE mixpeek_internal.codes_{key}")
        method = "exact"
    else:
        _run_of(connection, "cover", key, vector_name=name)
    connection.execute(
        "UPDATE mixpeek_internal.vector_indexes SET method = $method, pool = $pool, recall = $recall"
        " WHERE vector_name = $name",
        {"method": method, "pool": pool, "recall": recall, "name": name},
    )
    refresh_search_macros(connection)
    why = "" if method != "exact" else f"even the {pool:,} nearest codes have only {recall:.0%} of the true neighbours"
    return Indexed(name, vectors, method, why, encoded if method != "exact" else 0, 0, pool, recall)


def _update(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    index: _Index,
    vectors: int,
    partitions: Sequence[date] | None,
) -> Indexed:
    if index.method == "exact":
        why = f"no codes were good enough when it had {index.vectors:,} vectors"
        return Indexed(name, vectors, "exact", why, pool=index.pool, recall=index.recall)
    key = index.key
    ((removed,),) = _run_of(connection, "remove_stale_codes", key, vector_name=name).fetchall()
    encoded = _encode(connection, name, key, _encoder_of(connection, name, index), partitions)
    _run_of(connection, "place_codes", key, vector_name=name)
    _run_of(connection, "cover", key, vector_name=name)
    if _index_of(connection, name) != index:
        refresh_search_macros(connection)
    return Indexed(name, vectors, index.method, "", encoded, removed, index.pool, index.recall)


def _drop(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(f"DROP TABLE IF EXISTS mixpeek_internal.codes_{identifier_part(name)}")
    SQL.run(connection, "forget_index", vector_name=name)
    refresh_search_macros(connection)


def _best_encoder(sample: Floats, vectors: int) -> Encoder:
    """Return the encoder with which a search takes the least time, by what the sample needs."""
    mean = sample.mean(axis=0)
    encoders = [rotated(mean, axes) for axes in _ROTATED_AXES]
    if len(mean) <= _MOST_OWN_AXES:
        encoders.insert(0, Encoder(mean))
    queries = np.arange(min(_QUERIES, len(sample)))
    neighbours = min(NEIGHBOURS, len(sample) - 1)

    def milliseconds(encoder: Encoder) -> float:
        needed = np.quantile(needed_pools(encoder, sample, queries, neighbours), _CERTAIN)
        pool = max(_MARGIN * needed * vectors / len(sample), _SMALLEST_POOL)
        return _BLOCK_MILLISECONDS * encoder.blocks * vectors + _POOL_MILLISECONDS * pool

    return min(encoders, key=milliseconds)


def _needed(
    connection: duckdb.DuckDBPyConnection, name: str, key: str, encoder: Encoder, ids: list[str], queries: Floats
) -> NDArray[np.int64]:
    """Return how many of the nearest codes must be looked at for each true neighbour of some vectors."""
    near: dict[int, list[str]] = {}
    for number, found in SQL.run(
        connection, "neighbours_of_each", vector_name=name, queries=queries.tolist(), k=NEIGHBOURS + 1
    ).fetchall():
        near.setdefault(number, []).append(found)
    needed: list[NDArray[np.int64]] = []
    for number, (own, code) in enumerate(zip(ids, encoder.encode(queries), strict=True), start=1):
        found = _numpy(
            connection.execute(
                f"SELECT {differing_bits(encoder.blocks)} AS distance,"  # noqa: S608
                " list_contains($near, code.feature_id) AS is_near"
                f" FROM mixpeek_internal.codes_{key} AS code CROSS JOIN (SELECT $code::BIGINT[] AS code) AS query",
                {"code": code.tolist(), "near": [one for one in near[number] if one != own]},
            )
        )
        needed.append(ranks(found["distance"].astype(np.int64), np.flatnonzero(found["is_near"])))
    return np.concatenate(needed)


def _encode(
    connection: duckdb.DuckDBPyConnection, name: str, key: str, encoder: Encoder, partitions: Sequence[date] | None
) -> int:
    days = None if partitions is None else list(partitions)
    ((vectors, parts),) = _run_of(
        connection, "codes_to_make", key, vector_name=name, batch=_BATCH, partitions=days
    ).fetchall()
    bits = [f"b{block}" for block in range(encoder.blocks)]
    small_columns = [f"c{axis}" for axis in range(len(encoder.mean))]
    insert = (
        f"INSERT INTO mixpeek_internal.codes_{key} BY NAME SELECT vector.feature_id, vector.partition_date,"  # noqa: S608
        " vector.modality, vector.video_id, vector.loaded_at, vector.rowid AS place, feature.rowid AS feature_place,"
        f" batch.scale, batch.along_mean, batch.inverse_norm, {', '.join(f'batch.{one}' for one in bits)},"
        f" [{', '.join(small_columns)}]::TINYINT[{len(encoder.mean)}] AS small"
        " FROM encoded_batch AS batch INNER JOIN mixpeek.vectors AS vector ON batch.place = vector.rowid"
        " LEFT JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id"
    )
    for part in range(parts):
        read = _numpy(SQL.run(connection, "part_to_encode", part=part))
        embeddings: Floats = np.stack(list(read["embedding"]))
        small = shrink(embeddings, encoder.mean)
        batch = {
            "place": read["place"],
            "scale": small.scale,
            "along_mean": small.along_mean,
            "inverse_norm": small.inverse_norm,
            **dict(zip(bits, np.ascontiguousarray(encoder.encode(embeddings).T), strict=True)),
            **dict(zip(small_columns, np.ascontiguousarray(small.small.T), strict=True)),
        }
        connection.register("encoded_batch", batch)
        connection.execute(insert)
        connection.unregister("encoded_batch")
    return vectors


def _sample(connection: duckdb.DuckDBPyConnection, name: str, rows: int) -> tuple[list[str], Floats]:
    found = _numpy(SQL.run(connection, "sample_vectors", vector_name=name, rows=rows))
    return list(found["feature_id"]), np.stack(list(found["embedding"]))


def _numpy(found: duckdb.DuckDBPyConnection) -> dict[str, NDArray[Any]]:
    """Return the columns of an answer; one of lists has an array for each."""
    return cast("dict[str, NDArray[Any]]", cast("Any", found).fetchnumpy())


def _write_axes(connection: duckdb.DuckDBPyConnection, name: str, encoder: Encoder) -> None:
    axes = [
        {
            "axis": axis,
            "block": axis // 64,
            "mask": mask,
            "threshold": float(threshold),
            "weights": None if encoder.weights is None else encoder.weights[axis].tolist(),
        }
        for axis, (mask, threshold) in enumerate(zip(encoder.masks(), encoder.thresholds(), strict=True))
    ]
    SQL.run(connection, "add_axes", vector_name=name, axes=axes)


def _encoder_of(connection: duckdb.DuckDBPyConnection, name: str, index: _Index) -> Encoder:
    mean = np.array(index.mean, dtype=np.float32)
    if index.method == "signs":
        return Encoder(mean)
    return Encoder(mean, np.array(SQL.values(connection, "vector_axes", vector_name=name), dtype=np.float32))


def _index_of(connection: duckdb.DuckDBPyConnection, name: str) -> _Index | None:
    return next(iter(SQL.fetch(connection, _Index, "vector_index", vector_name=name)), None)


def _codes_table(key: str, encoder: Encoder) -> str:
    """Return the DDL of the codes of a named vector, which do not compress."""
    bits = ", ".join(f"b{block} BIGINT USING COMPRESSION uncompressed" for block in range(encoder.blocks))
    return (
        f"CREATE TABLE mixpeek_internal.codes_{key} (feature_id VARCHAR, partition_date DATE, modality VARCHAR,"
        " video_id VARCHAR, loaded_at TIMESTAMPTZ, place BIGINT, feature_place BIGINT,"
        f" scale FLOAT, along_mean FLOAT, inverse_norm FLOAT, small TINYINT[{len(encoder.mean)}], {bits})"
    )


def _run_of(
    connection: duckdb.DuckDBPyConnection, query: str, key: str, **parameters: Any
) -> duckdb.DuckDBPyConnection:
    """Run a query whose `codes_of_name` is the table of one named vector."""
    text = SQL.text(query).replace("codes_of_name", f"codes_{key}")
    return SQL.run_text(connection, text, **parameters)
