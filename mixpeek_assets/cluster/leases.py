"""Signs of life across machines: advisory locks of PostgreSQL that a process holds on a connection of their own."""

# pyright: reportMissingImports=false

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mixpeek_assets.cluster.locks import holder, try_lock, unlock
from mixpeek_assets.locks import Leases, LockLostError
from mixpeek_assets.postgres import Postgres, is_alive

if TYPE_CHECKING:
    from psycopg import Connection


@dataclass
class _Holding:
    """What a process holds in one database."""

    guard: threading.Lock = field(default_factory=threading.Lock)
    connection: "Connection | None" = None
    names: set[str] = field(default_factory=set[str])
    lost: set[str] = field(default_factory=set[str])


class PostgresLeases(Leases):
    """The leases of a cluster; see `Leases`. All objects of a process hold together.

    Args:
        postgres: Where the leases are.
    """

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def take(self, name: str) -> bool:
        """Take a lease, or keep it; see `Leases`.

        Raises:
            LockLostError: this process held it and has lost it, because its connection was cut.
            PostgresError: PostgreSQL does not answer, or refuses.
        """
        holding = self._holding()
        with holding.guard:
            connection = self._connection(holding)
            if name in holding.lost:
                holding.lost.remove(name)
                raise LockLostError(
                    f"the connection to PostgreSQL at {self._postgres.place} was cut, and with it the lease {name} was"
                    " lost: this process counts as dead, and another may do its work"
                )
            if name not in holding.names:
                with self._postgres.errors_explained():
                    if not try_lock(connection, _lock(name)):
                        return False
                holding.names.add(name)
            return True

    def release(self, name: str) -> None:
        """Give a lease back; see `Leases`."""
        holding = self._holding()
        with holding.guard:
            holding.lost.discard(name)
            if name in holding.names and holding.connection is not None:
                holding.names.remove(name)
                if is_alive(holding.connection):
                    with self._postgres.errors_explained():
                        unlock(holding.connection, _lock(name))

    def is_dead(self, name: str) -> bool:
        """Say whether nobody holds it; see `Leases`. It is looked up and not tried, so that its holder can take it."""
        with self._postgres.session() as connection:
            return holder(connection, _lock(name)) is None

    def _holding(self) -> _Holding:
        return _holdings.setdefault((os.getpid(), self._postgres.place), _Holding())

    def _connection(self, holding: _Holding) -> "Connection":
        """Return the connection that holds the leases; after it was cut, a new one, which holds none."""
        if holding.connection is not None and not is_alive(holding.connection):
            holding.connection.close()
            holding.connection, holding.lost = None, holding.lost | holding.names
            holding.names.clear()
        if holding.connection is None:
            holding.connection = self._postgres.connect("lease")
        return holding.connection


_holdings: dict[tuple[int, str], _Holding] = {}


def _lock(name: str) -> str:
    return f"lease {name}"
