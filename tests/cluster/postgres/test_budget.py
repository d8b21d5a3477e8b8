"""The budget of requests in PostgreSQL: as the one in a file, and by one clock for all machines."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.services import PostgresServer
from mixpeek_assets import clock
from mixpeek_assets.api.errors import RateLimitStoreDownError, RateLimitStoreError
from mixpeek_assets.api.rate_limit_store import FileBucket
from mixpeek_assets.chosen_api import shared_limit as limit_of
from mixpeek_assets.cluster.budget import PostgresBucket, make_table
from mixpeek_assets.settings import load_settings
from tests.cluster.postgres.turns import one, postgres_at, send_until, shared_limit
from tests.fakes.mixpeek import KEY
from tests.warehouse.processes import running, until

MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(url: str) -> Iterator[Any]:
    with closing(postgres_at(url).connect("the test")) as connection:
        yield connection


class Clock:
    """A clock that a test turns: our own, and that of the database."""

    def __init__(self, url: str, database: Any) -> None:
        self.time = datetime(2026, 11, 7, 12, tzinfo=UTC)
        self._database = database
        database.execute("CREATE SCHEMA turned; CREATE TABLE turned.clock (time timestamptz)")
        database.execute("INSERT INTO turned.clock VALUES (%s)", [self.time])
        database.execute(
            "CREATE FUNCTION turned.clock_timestamp() RETURNS timestamptz"
            " LANGUAGE sql VOLATILE AS 'SELECT time FROM turned.clock'"
        )
        name = url.rpartition("/")[2]
        database.execute(f"ALTER DATABASE {name} SET search_path = turned, pg_catalog, public")

    def advance(self, seconds: float) -> None:
        self.time += timedelta(milliseconds=round(1000 * seconds))
        self._database.execute("UPDATE turned.clock SET time = %s", [self.time])


@pytest.mark.parametrize("limit", [1, 5, 6, 60])
def test_it_lets_requests_leave_as_the_file_does_whatever_the_clock_does(
    url: str, database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    turned, chance = Clock(url, database), random.Random(limit)
    monkeypatch.setattr(clock, "now", lambda: turned.time)
    ours = PostgresBucket(postgres_at(url), KEY, limit, MINUTE)
    with closing(FileBucket(tmp_path / "bucket.sqlite", limit, MINUTE)) as theirs:
        left = 0
        for _ in range(150):
            pauses = [bucket.take() for bucket in (ours, theirs)]
            assert pauses[0] == pytest.approx(pauses[1], abs=0.005)
            left += not any(pauses)
            # Mostly in time, at times early, at times with a clock that is set back.
            turned.advance(chance.choice([max(pauses) + 0.01, 0.3, 5, 20, -1, -3]))
    assert left >= 10
    assert one(database, "SELECT count(*) FROM mixpeek_cluster.departures") <= limit
    assert KEY not in str(database.execute("SELECT * FROM mixpeek_cluster.departures").fetchall())


def test_four_processes_never_exceed_the_budget_in_any_window_as_the_database_counts(
    url: str, database: Any, tmp_path: Path
) -> None:
    budget, window, start = 12, 1.0, tmp_path / "start"
    # Sees each departure, which the bucket itself forgets.
    database.execute("CREATE TABLE seen (pid int, at timestamptz NOT NULL DEFAULT clock_timestamp())")
    with ExitStack() as stack:
        processes = [stack.enter_context(running(send_until, url, budget, window, start, 2 * budget)) for _ in range(4)]
        until(lambda: len(list(tmp_path.glob("*.ready"))) == 4)
        start.touch()
        for process in processes:
            process.join(60)
            assert process.exitcode == 0
    most = """
        SELECT max(beside) FROM (
            SELECT count(*) OVER (ORDER BY at RANGE BETWEEN CURRENT ROW AND %s FOLLOWING) AS beside FROM seen
        ) AS counted
    """
    assert one(database, most, timedelta(seconds=window)) <= budget
    shares = Counter(pid for (pid,) in database.execute("SELECT pid FROM seen").fetchall())
    assert len(shares) == 4
    assert min(shares.values()) >= sum(shares.values()) / 8, "none starves"


def test_one_process_with_many_threads_gets_no_more_turns_than_one_with_one(url: str) -> None:
    served, stop = list[str](), threading.Event()

    def ask_again_and_again(name: str, limit: Any) -> None:
        while not stop.is_set() and limit.wait(30):
            served.append(name)

    many, single = (shared_limit(url, 30, 0.2) for _ in range(2))
    threads = [threading.Thread(target=ask_again_and_again, args=("many", many)) for _ in range(3)]
    threads.append(threading.Thread(target=ask_again_and_again, args=("one", single)))
    for thread in threads:
        thread.start()
    until(lambda: len(served) >= 24)
    stop.set()
    for thread in threads:
        thread.join(60)
    shares = Counter(served[4:24])
    assert min(shares.values()) >= 7, served


def test_many_first_starts_at_once_make_one_table(url: str) -> None:
    ready, failures = threading.Barrier(6), list[BaseException]()

    def make() -> None:
        with closing(postgres_at(url).connect("the test")) as connection:
            ready.wait(30)
            try:
                make_table(connection)
            except BaseException as error:
                failures.append(error)
                raise

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_who_may_create_nothing_is_told_so_and_can_use_what_an_administrator_has_made(
    url: str, database: Any, postgres: PostgresServer
) -> None:
    user = url.rpartition("/")[2].replace("test", "guest")
    database.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'a-password'")
    guests = f"postgresql://{user}:a-password@127.0.0.1:{postgres.port}/{url.rpartition('/')[2]}"
    with pytest.raises(RateLimitStoreError) as refused:
        shared_limit(guests, 5, 60).wait(1)
    said = str(refused.value)
    assert said.startswith("the rate limit: nothing was sent, because PostgreSQL at 127.0.0.1")
    assert f"does not let user {user} do this: permission denied for database" in said
    assert "GRANT CREATE ON DATABASE" in said
    assert not refused.value.retryable

    make_table(database)
    database.execute(f"GRANT USAGE ON SCHEMA mixpeek_cluster TO {user}")
    database.execute(f"GRANT ALL ON mixpeek_cluster.departures TO {user}")
    assert shared_limit(guests, 5, 60).wait(1)


def test_without_a_server_nothing_is_sent_and_a_later_try_may_succeed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MIXPEEK_CLUSTER", "postgresql://somebody:pa55word@127.0.0.1:1/nothing")
    monkeypatch.setenv("MIXPEEK_LAKE", str(tmp_path / "lake"))
    with pytest.raises(
        RateLimitStoreDownError, match=r"nothing was sent, because PostgreSQL at 127\.0\.0\.1:1"
    ) as down:
        limit_of(load_settings(), 60, KEY).wait(1)
    assert down.value.retryable
    assert "pa55word" not in str(down.value)


def test_the_settings_choose_the_budget_of_the_cluster(
    url: str, database: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MIXPEEK_CLUSTER", url)
    monkeypatch.setenv("MIXPEEK_LAKE", str(tmp_path / "lake"))
    for granted in (True, False):  # of six a minute, one may leave at once
        assert limit_of(load_settings(), 6, KEY).wait(0) is granted
    assert limit_of(load_settings(), 6, f"another {KEY}").wait(0)
    assert one(database, "SELECT count(DISTINCT account) FROM mixpeek_cluster.departures") == 2
