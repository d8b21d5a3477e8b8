"""The nearest vectors: cosine similarity with every vector of a name, in NumPy.

Brute force is exact, and fast enough for what one machine ingests. Vectors are cached in memory up to a budget: the
first search reads them, and later ones read what was added since.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixpeek_local.extract.offered import own_space
from mixpeek_local.extract.records import Vector
from mixpeek_local.extract.vectors import unit
from mixpeek_local.store import spaces
from mixpeek_local.store.database import Database, as_json

_BLOCK_ROWS = 8_192
_DECIMALS = 6
"""Scores are rounded, so that equal vectors tie despite the last bits of a matrix product."""


@dataclass(frozen=True)
class Scope:
    """Where to search: these collections of a namespace."""

    namespace: str
    collections: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """Features from the nearest to the farthest; those equally near in the order in which they were stored.

    Attributes:
        places: Row numbers of the features.
        scores: Their cosine similarities; None where nothing was compared.
    """

    places: NDArray[np.int64]
    scores: NDArray[np.float64] | None = None

    def without(self, place: int) -> "Ranking":
        """The ranking of all others."""
        others = self.places != place
        return Ranking(self.places[others], None if self.scores is None else self.scores[others])


class Nearest:
    """Ranks features by one of their vectors. Thread-safe.

    Args:
        database: Holds the features and vectors.
        max_bytes: How much memory cached vectors may take. Each search reads the others from the file.
    """

    def __init__(self, database: Database, max_bytes: int = 768 << 20) -> None:
        self._database = database
        self._max_bytes = max_bytes
        self._held: dict[tuple[str, int], _Held] = {}
        self._too_large: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    def all(self, scope: Scope) -> Ranking:
        """All features, with or without vectors, in the order in which they were stored."""
        query = f"""
            SELECT features.rowid FROM features JOIN assets USING (asset_id) WHERE {_IN_SCOPE} ORDER BY features.rowid
        """  # noqa: S608 - of a constant
        places = self._database.connection().execute(query, _given(scope))
        return Ranking(np.array([place for (place,) in places], np.int64))

    def rank(
        self,
        name: str,
        query: Vector,
        scope: Scope,
        *,
        modality: str | None = None,
        min_score: float | None = None,
    ) -> Ranking:
        """Rank the features that have a vector of this name, space and length, by cosine similarity.

        Args:
            name: Of the vectors.
            query: Not all zeros.
            scope: Only features in it.
            modality: Only features of this one.
            min_score: Only features that are at least this near, -1 to 1.
        """
        query = unit(query)
        assets = self._assets(scope, name)
        places, scores = [np.zeros(0, np.int64)], [np.zeros(0)]
        for block in self._blocks(name, len(query)):
            found = (block.matrix @ query).astype(np.float64).round(_DECIMALS)
            fits = block.of(assets)
            if modality is not None:
                fits &= block.modalities == modality
            if min_score is not None:
                fits &= found >= min_score
            places.append(block.places[fits])
            scores.append(found[fits])
        every, of = np.concatenate(scores), np.concatenate(places)
        order = np.lexsort((of, -every))
        return Ranking(of[order], every[order])

    def _assets(self, scope: Scope, name: str) -> set[str]:
        query, given = f"SELECT asset_id FROM assets WHERE {_IN_SCOPE}", _given(scope)  # noqa: S608 - of a constant
        if name in spaces.VECTORS:
            query, given = f"{query} AND NOT ({spaces.IS_ELSEWHERE})", {**given, "space": own_space()}
        return {asset for (asset,) in self._database.connection().execute(query, given)}

    def _blocks(self, name: str, dimensions: int) -> Iterable["_Block"]:
        connection = self._database.connection()
        with self._lock:
            if (name, dimensions) not in self._too_large and not self._holds(connection, name, dimensions):
                self._too_large.add((name, dimensions))
                self._held.pop((name, dimensions), None)
            held = self._held.get((name, dimensions))
        return held.blocks if held else _read(connection, name, dimensions)

    def _holds(self, connection: sqlite3.Connection, name: str, dimensions: int) -> bool:
        """Bring the cache up to date; False if there is no room for it."""
        held = self._held.setdefault((name, dimensions), _Held())
        connection.execute("BEGIN")  # the mark and the rows in one snapshot
        try:
            mark = _mark(connection)
            if mark == held.mark:
                return True
            if not _continues(connection, held.mark, mark):
                held = self._held[name, dimensions] = _Held()
            room = self._max_bytes - sum(one.bytes for one in self._held.values())
            blocks = list(held.blocks)
            for block in _read(connection, name, dimensions, held.mark.last_rowid):
                room -= block.matrix.nbytes
                if room < 0:
                    return False
                fits = blocks and len(blocks[-1].places) + len(block.places) <= _BLOCK_ROWS
                blocks.append(_joined(blocks.pop(), block) if fits else block)
            self._held[name, dimensions] = _Held(tuple(blocks), mark)
            return True
        finally:
            connection.execute("COMMIT")


@dataclass(frozen=True)
class _Block:
    """Some vectors of one name and length.

    Attributes:
        places: Row numbers of the features.
        asset_ids: The different assets among them.
        assets: For each feature, the place of its asset in `asset_ids`.
        modalities: Of the features.
        matrix: A vector a row, scaled to length 1.
    """

    places: NDArray[np.int64]
    asset_ids: NDArray[np.str_]
    assets: NDArray[np.intp]
    modalities: NDArray[np.str_]
    matrix: NDArray[np.float32]

    def of(self, assets: set[str]) -> NDArray[np.bool_]:
        """For each feature, whether its asset is one of these."""
        return np.fromiter((asset in assets for asset in self.asset_ids.tolist()), bool)[self.assets]


@dataclass(frozen=True)
class _Mark:
    """The extent of the features: they are added at the end, removed anywhere, and their vectors never change."""

    count: int = 0
    last_rowid: int = 0
    last_id: str | None = None


@dataclass(frozen=True)
class _Held:
    blocks: tuple[_Block, ...] = ()
    mark: _Mark = _Mark()

    @property
    def bytes(self) -> int:
        return sum(block.matrix.nbytes for block in self.blocks)


def _mark(connection: sqlite3.Connection) -> _Mark:
    (count,) = connection.execute("SELECT count(*) FROM features").fetchone()
    last = connection.execute("SELECT rowid, feature_id FROM features ORDER BY rowid DESC LIMIT 1").fetchone()
    return _Mark(count, *last) if last else _Mark()


def _continues(connection: sqlite3.Connection, before: _Mark, now: _Mark) -> bool:
    """Whether all earlier features still exist. The last rowid alone proves nothing, because it can be reused."""
    last = connection.execute("SELECT feature_id FROM features WHERE rowid = ?", (before.last_rowid,)).fetchone()
    added = connection.execute("SELECT count(*) FROM features WHERE rowid > ?", (before.last_rowid,)).fetchone()
    return (last[0] if last else None) == before.last_id and now.count - added[0] == before.count


def _read(connection: sqlite3.Connection, name: str, dimensions: int, after: int = 0) -> Iterator[_Block]:
    """Read the vectors of the features whose rowid is above `after`, in no order."""
    # Reading all vectors in the order of the file is ten times as fast as looking them up by feature.
    tables = "features CROSS JOIN vectors" if after else "vectors CROSS JOIN features"
    cursor = connection.execute(
        f"""
        SELECT features.rowid, asset_id, modality, embedding FROM {tables} USING (feature_id)
        WHERE name = ? AND length(embedding) = ? AND features.rowid > ?
        """,  # noqa: S608 - of two constants
        (name, dimensions * 4, after),
    )
    while rows := cursor.fetchmany(_BLOCK_ROWS):
        places, assets, modalities, vectors = zip(*rows, strict=True)
        matrix = np.frombuffer(b"".join(vectors), "<f4").reshape(-1, dimensions)
        lengths = np.linalg.norm(matrix, axis=1)
        sound = (lengths > 0) & np.isfinite(lengths)  # a vector without a direction is near to nothing
        asset_ids, of = np.unique(np.array(assets), return_inverse=True)
        yield _Block(
            np.array(places)[sound],
            asset_ids,
            of[sound],
            np.array(modalities)[sound],
            matrix[sound] / lengths[sound, None],
        )


def _joined(first: _Block, second: _Block) -> _Block:
    asset_ids, of = np.unique(np.concatenate((first.asset_ids, second.asset_ids)), return_inverse=True)
    return _Block(
        np.concatenate((first.places, second.places)),
        asset_ids,
        np.concatenate((of[first.assets], of[len(first.asset_ids) + second.assets])),
        np.concatenate((first.modalities, second.modalities)),
        np.concatenate((first.matrix, second.matrix)),
    )


_IN_SCOPE = "namespace = :namespace AND collection_id IN (SELECT value FROM json_each(:collections))"


def _given(scope: Scope) -> dict[str, str]:
    return {"namespace": scope.namespace, "collections": as_json(scope.collections)}
