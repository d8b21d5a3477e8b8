"""A table with the times of past requests of all machines, from which the next allowed time follows."""

# pyright: reportMissingImports=false

import hashlib
import math
from datetime import timedelta
from typing import TYPE_CHECKING

from mixpeek_assets.postgres import Postgres

if TYPE_CHECKING:
    from psycopg import Connection

SCHEMA = "mixpeek_cluster"
"""The PostgreSQL schema of our own tables; that of the lake's catalogue is another."""

_MARGIN = timedelta(seconds=1)
"""Requests that leave evenly may arrive unevenly, and the server counts arrivals."""

_PARTS = 6
"""A window has this many parts, each with its share of the limit, so that requests do not leave in one burst."""

_DO_NOT_SYNC = "SET LOCAL synchronous_commit = off"
"""A crash of PostgreSQL may forget the last half second, as a power cut does in a folder; a 429 is obeyed."""

_IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_IS_THERE = "SELECT to_regclass(%s) IS NOT NULL, to_regnamespace(%s) IS NOT NULL"
_MAKE_SCHEMA = "CREATE SCHEMA mixpeek_cluster"
_MAKE_TABLE = """
CREATE TABLE IF NOT EXISTS mixpeek_cluster.departures (account text NOT NULL, left_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS departures_by_time ON mixpeek_cluster.departures (account, left_at);
"""

# Times from a clock that was ahead count as now; otherwise they would block until it gets there again.
_LET_ONE_LEAVE = """
WITH
clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
forgotten AS (
    DELETE FROM mixpeek_cluster.departures USING clock
    WHERE account = %(account)s AND left_at < now - %(span)s
),
corrected AS (
    UPDATE mixpeek_cluster.departures SET left_at = now FROM clock
    WHERE account = %(account)s AND left_at > now
),
free AS (
    SELECT
        now,
        greatest(
            (
                SELECT least(left_at, now) + %(span)s FROM mixpeek_cluster.departures
                WHERE account = %(account)s ORDER BY left_at DESC LIMIT 1 OFFSET %(limit)s - 1
            ),
            (
                SELECT least(left_at, now) + %(part_span)s FROM mixpeek_cluster.departures
                WHERE account = %(account)s ORDER BY left_at DESC LIMIT 1 OFFSET %(part_limit)s - 1
            )
        ) AS at
    FROM clock
),
pause AS MATERIALIZED (
    SELECT now, coalesce(extract(epoch FROM at - now), 0)::float8 AS seconds FROM free
),
counted AS (
    INSERT INTO mixpeek_cluster.departures SELECT %(account)s, now FROM pause WHERE seconds <= 0
)
SELECT greatest(seconds, 0) FROM pause
"""


class PostgresBucket:
    """The requests of the last window, of all machines, by the clock of the database.

    Args:
        postgres: Where they are counted.
        account: Identifies who shares the limit; only its hash is stored.
        limit: How many requests may leave in any window.
        window: The length of a window.

    Attributes:
        name: The hash of the account.
    """

    def __init__(self, postgres: Postgres, account: str, limit: int, window: timedelta = timedelta(minutes=1)) -> None:
        self.name = hashlib.sha256(account.encode()).hexdigest()[:16]
        self._postgres = postgres
        span = window + _MARGIN
        self._values = {
            "account": self.name,
            "limit": limit,
            "span": span,
            "part_limit": math.ceil(limit / _PARTS),
            "part_span": span / _PARTS,
        }
        self._is_there = False

    def take(self) -> float:
        """Let a request leave now, and return 0; or return the seconds until one may.

        Raises:
            PostgresError: PostgreSQL does not answer, or refuses.
        """
        with self._postgres.session() as connection:
            if not self._is_there:
                make_table(connection)
                self._is_there = True
            # All in one message each way: the next in line waits meanwhile.
            with connection.pipeline(), connection.transaction():
                connection.execute(_DO_NOT_SYNC)
                connection.execute(_IN_TURN, [f"{SCHEMA} {self.name}"])
                found = connection.execute(_LET_ONE_LEAVE, self._values)
            row = found.fetchone()
        return row[0] if row else 0.0

    def close(self) -> None:
        """Do nothing: the connection is the process's."""


def make_table(connection: "Connection") -> None:
    """Create what is missing, however many do so at once; who may not create can use what an administrator has made."""
    with connection.transaction():
        connection.execute(_IN_TURN, [SCHEMA])
        has_table, has_schema = connection.execute(_IS_THERE, [f"{SCHEMA}.departures", SCHEMA]).fetchone() or (0, 0)
        if not has_schema:
            connection.execute(_MAKE_SCHEMA)
        if not has_table:
            connection.execute(_MAKE_TABLE)
