"""What other processes do with the locks, leases and budgets of a cluster. Each function runs in a forked process."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from mixpeek_assets.api.rate_limit import SharedLimit
from mixpeek_assets.cluster.budget import PostgresBucket
from mixpeek_assets.cluster.leases import PostgresLeases
from mixpeek_assets.cluster.locks import PostgresLocks
from mixpeek_assets.postgres import Postgres
from tests.warehouse.processes import running, until


def postgres_at(url: str) -> Postgres:
    return Postgres(SecretStr(url))


def locks_of(url: str, site: str = "test") -> PostgresLocks:
    return PostgresLocks(postgres_at(url), site)


def shared_limit(url: str, limit: int, window: float) -> SharedLimit:
    """The limit as `chosen_api` puts it together, with a shorter minute."""
    bucket = PostgresBucket(postgres_at(url), "an account", limit, timedelta(seconds=window))
    return SharedLimit(limit, bucket, partial(locks_of(url, "requests").exclusive, bucket.name), "PostgreSQL")


def hold_lock(url: str, name: str, ready: Path) -> None:
    with locks_of(url).exclusive(name, 10):
        ready.touch()
        time.sleep(120)


def hold_lease(url: str, name: str, ready: Path) -> None:
    assert PostgresLeases(postgres_at(url)).take(name)
    ready.touch()
    time.sleep(120)


def hold_and_fork(url: str, name: str, ready: Path) -> None:
    """Hold a lock and a lease, and have a child that holds on to all it has inherited."""
    assert PostgresLeases(postgres_at(url)).take(name)
    with locks_of(url).exclusive(name, 10):
        child = os.fork()
        if child == 0:
            time.sleep(120)
            os._exit(0)
        ready.write_text(str(child))
        time.sleep(120)


def count_up(url: str, counter: Path, times: int) -> None:
    """Raise the number in a file, in the way that loses a step whenever two do it at once."""
    locks = locks_of(url)
    for _ in range(times):
        with locks.exclusive("counter", 60):
            number = int(counter.read_text())
            time.sleep(0)
            counter.write_text(str(number + 1))


def sign_in_turn(url: str, name: str, start: Path, turns: Path, times: int) -> None:
    """Put a name on a list, whenever it is this one's turn."""
    locks = locks_of(url)
    start.with_name(f"{name}.ready").touch()
    until(start.exists)
    for _ in range(times):
        with locks.exclusive("list", 60), turns.open("a") as lines:
            lines.write(f"{name}\n")
            time.sleep(0.002)  # so that the others are in line by then


def send_until(url: str, limit: int, window: float, start: Path, count: int) -> None:
    """Ask for requests until so many of all processes have left."""
    shared = shared_limit(url, limit, window)
    shared.wait(0)
    start.with_name(f"{os.getpid()}.ready").touch()
    until(start.exists)
    postgres = postgres_at(url)
    left = 0
    while left < count:
        assert shared.wait(60)
        with postgres.session() as connection:
            connection.execute("INSERT INTO seen VALUES (%s)", [os.getpid()])
            left = one(connection, "SELECT count(*) FROM seen")


def one(connection: Any, sql: str, *values: object) -> Any:
    """The only value of an answer."""
    row = connection.execute(sql, values or None).fetchone()
    assert row is not None
    return row[0]


def in_line(url: str) -> int:
    """How many wait for a lock, as PostgreSQL says."""
    with postgres_at(url).session() as connection:
        return one(connection, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


def cut(url: str, name: str) -> None:
    """End the connections that hold a lock, as a restart of PostgreSQL does."""
    with postgres_at(url).connect("the test") as connection:
        sql = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        sql += " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        sql += " AND (classid::bigint << 32) | objid::bigint = hashtextextended(%s, 0)"
        assert one(connection, sql, name) == 1


@contextmanager
def killed_with_a_child_left(url: str, name: str, ready: Path) -> Iterator[None]:
    """Kill a process that holds the lock and the lease of that name, and keep its child alive for the block."""
    with busy(hold_and_fork, url, name, ready) as holder:
        until(ready.read_text)
        child = int(ready.read_text())
        try:
            holder.kill()
            holder.join()
            yield
            os.kill(child, 0)
        finally:
            os.kill(child, signal.SIGKILL)


@contextmanager
def busy(target: Any, url: str, name: str, ready: Path) -> Iterator[Any]:
    """Run one of the above until it says that it is ready."""
    with running(target, url, name, ready) as process:
        until(ready.exists)
        yield process
