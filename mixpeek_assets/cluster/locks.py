"""Locks that the machines of a cluster share: advisory locks of PostgreSQL, which live as long as their session.

PostgreSQL queues the waiters and hands a lock that becomes free to the next in line. A lock is not asked for again and
again, nor with a `lock_timeout` between two reports: each time, the waiter would go to the back.
"""

# pyright: reportMissingImports=false

import logging
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mixpeek_assets.lock import Waiter
from mixpeek_assets.locks import LockLostError
from mixpeek_assets.postgres import Postgres, PostgresError, is_alive

if TYPE_CHECKING:
    import psycopg
    from psycopg import Connection

_log = logging.getLogger(__name__)

_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_TAKE = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
_RELEASE = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
_GRANTED = """
FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
WHERE
    pg_locks.locktype = 'advisory'
    AND pg_locks.granted
    AND pg_locks.objsubid = 1
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (pg_locks.classid::bigint << 32) | pg_locks.objid::bigint = hashtextextended(%s, 0)
"""
_HOLDER = f"SELECT coalesce(nullif(application_name, ''), 'session ' || pid) {_GRANTED}"
_IS_OURS = f"SELECT pid {_GRANTED} AND pid = pg_backend_pid()"

_CANCEL_SECONDS = 10
"""A server that answers at all cancels a wait at once."""


def try_lock(connection: "Connection", lock: str) -> bool:
    """Take a lock if it is free and nobody waits for it."""
    row = connection.execute(_TRY, [lock]).fetchone()
    return bool(row and row[0])


def unlock(connection: "Connection", lock: str) -> None:
    """Release a lock."""
    connection.execute(_RELEASE, [lock])


def holder(connection: "Connection", lock: str) -> str | None:
    """Return who holds a lock: process and machine; None: nobody."""
    row = connection.execute(_HOLDER, [lock]).fetchone()
    return row[0] if row else None


class PostgresLocks:
    """The locks of a site; see `Locks`. Threads do not share a session, and a thread's nested locks do.

    Args:
        postgres: Where the locks are.
        site: Sites of different names, e.g. two lakes with one PostgreSQL, do not wait for each other.
    """

    def __init__(self, postgres: Postgres, site: str) -> None:
        self._postgres, self._site = postgres, site
        self._thread = threading.local()
        self._sessions = set[_Session]()

    @contextmanager
    def exclusive(self, name: str, timeout: float, on_wait: Callable[[str], object] | None = None) -> Generator[None]:
        """Hold the lock; see `Locks`.

        Raises:
            LockTimeoutError: it was not free in time; the message names its holder.
            LockLostError: this thread holds another that was lost.
            PostgresError: PostgreSQL does not answer, or refuses.
        """
        session = self._session()
        try:
            session.take(f"{self._site} {name}", timeout, on_wait)
            try:
                yield
            finally:
                session.release(f"{self._site} {name}")
        finally:
            if session.is_free():
                self._sessions.discard(session)
                session.end()

    def verify(self) -> None:
        """Check that what this object holds is still held; see `Locks`."""
        for session in list(self._sessions):
            if session.pid == os.getpid():
                session.verify()

    def _session(self) -> "_Session":
        """Return this thread's session."""
        session: _Session | None = getattr(self._thread, "session", None)
        if session is None or session not in self._sessions or session.pid != os.getpid():
            session = _Session(self._postgres)
            self._thread.session = session
            self._sessions.add(session)
        return session


class _Session:
    """A connection with the locks that it holds."""

    def __init__(self, postgres: Postgres) -> None:
        self.pid = os.getpid()
        self._postgres = postgres
        self._connection = postgres.borrow()
        self._held = list[str]()
        # A thread may verify while another waits for its next lock.
        self._busy = threading.Lock()
        self._is_certain = True

    def is_free(self) -> bool:
        return not self._held

    def end(self) -> None:
        if not self._is_certain:
            self._connection.close()
        self._postgres.give_back(self._connection)

    @contextmanager
    def _change(self) -> Generator[None]:
        """Take or release a lock; an interrupt at any moment leaves it uncertain what the connection holds."""
        with self._busy:
            was_certain, self._is_certain = self._is_certain, False
            yield
            self._is_certain = was_certain

    def take(self, lock: str, timeout: float, on_wait: Callable[[str], object] | None) -> None:
        with self._change(), self._postgres.errors_explained():
            if not try_lock(self._connection, lock):
                _PostgresWaiter(self._postgres, self._connection, lock).wait(timeout, on_wait)
            self._held.append(lock)

    def release(self, lock: str) -> None:
        import psycopg

        try:
            with self._change():
                self._held.remove(lock)
                unlock(self._connection, lock)
        except psycopg.Error as error:
            _log.warning("the lock `%s` was lost before its end: %s", lock, self._postgres.explained(error))
            self._connection.close()  # With it ends what else it holds, which `verify` tells.

    def verify(self) -> None:
        """Raise if the server has ended the connection, and with it the locks."""
        if not self._held or not self._busy.acquire(blocking=False):
            return  # A thread of ours talks to the server just now, and hears of it first.
        try:
            if not is_alive(self._connection):
                held = ", ".join(self._held)
                raise LockLostError(
                    f"the connection to PostgreSQL at {self._postgres.place} was cut, and with it the lock {held} was"
                    " lost: others may work on the same now"
                )
        finally:
            self._busy.release()


class _PostgresWaiter(Waiter):
    """Waits in a helper thread, so that its caller can report the wait, and give up."""

    def __init__(self, postgres: Postgres, connection: "Connection", lock: str) -> None:
        self._postgres, self._connection, self._lock = postgres, connection, lock
        self._error: psycopg.Error | None = None
        self._thread = threading.Thread(target=self._block, daemon=True, name="mixpeek-lock")
        self._thread.start()

    def wait(self, timeout: float, on_wait: Callable[[str], object] | None) -> None:
        super().wait(timeout, on_wait)
        if self._error is not None:
            raise self._error

    @property
    def name(self) -> str:
        return f"the lock `{self._lock}` in PostgreSQL at {self._postgres.place}"

    def holder(self) -> str:
        try:
            with self._postgres.session() as another:
                return holder(another, self._lock) or "somebody"
        except PostgresError:
            return "somebody"  # The wait itself says what is wrong.

    def comes_within(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def leave(self) -> None:
        """Leave the queue; a lock that came in this very moment is released."""
        import psycopg

        try:
            self._cancel()
            if self._thread.is_alive():
                self._connection.close()
                return
            with suppress(psycopg.errors.QueryCanceled):  # A late cancellation hits the next statement.
                self._connection.execute("SELECT 1")
            # A statement may be cancelled, and its lock granted.
            if self._connection.execute(_IS_OURS, [self._lock]).fetchone():
                unlock(self._connection, self._lock)
        except psycopg.Error:
            self._connection.close()

    def _cancel(self) -> None:
        deadline = time.monotonic() + _CANCEL_SECONDS
        while time.monotonic() < deadline:
            self._connection.cancel_safe(timeout=_CANCEL_SECONDS)
            if self.comes_within(0.1):  # It may not have been on its way yet.
                return

    def _block(self) -> None:
        import psycopg

        try:
            self._connection.execute(_TAKE, [self._lock])
        except psycopg.Error as error:
            self._error = error
