"""Leases in PostgreSQL: whoever holds one lives, and whoever has lost one hears of it."""

from pathlib import Path

import pytest

from mixpeek_assets.cluster.leases import PostgresLeases
from mixpeek_assets.locks import LockLostError
from tests.cluster.postgres.turns import busy, cut, hold_lease, killed_with_a_child_left, postgres_at
from tests.warehouse.processes import until


@pytest.fixture
def leases(url: str) -> PostgresLeases:
    return PostgresLeases(postgres_at(url))


def test_a_lease_lives_until_it_is_released(url: str, leases: PostgresLeases) -> None:
    assert leases.is_dead("run-1")
    assert leases.take("run-1")
    assert leases.take("run-1"), "it is this process's already"
    assert not leases.is_dead("run-1")
    assert leases.is_dead("run-2")
    PostgresLeases(postgres_at(url)).release("run-1")
    assert leases.is_dead("run-1")
    leases.release("run-1")


def test_a_lease_of_another_process_cannot_be_taken_and_is_dead_once_that_is_killed(
    url: str, leases: PostgresLeases, tmp_path: Path
) -> None:
    with busy(hold_lease, url, "run-1", tmp_path / "ready") as holder:
        assert not leases.take("run-1")
        with leases.held("run-1") as is_ours:
            assert not is_ours
        assert not leases.is_dead("run-1")
        holder.kill()
        until(lambda: leases.is_dead("run-1"))
    with leases.held("run-1") as is_ours:
        assert is_ours
    assert leases.is_dead("run-1")


def test_a_child_of_a_killed_process_is_no_sign_of_its_life(url: str, leases: PostgresLeases, tmp_path: Path) -> None:
    with killed_with_a_child_left(url, "run-1", tmp_path / "ready"):
        until(lambda: leases.is_dead("run-1"))


def test_leases_whose_connection_was_cut_are_lost_and_may_be_taken_again(url: str, leases: PostgresLeases) -> None:
    assert leases.take("run-1")
    assert leases.take("run-2")
    cut(url, "lease run-1")
    assert leases.is_dead("run-2")
    for name in ("run-1", "run-2"):
        with pytest.raises(LockLostError, match=f"the lease {name} was lost"):
            leases.take(name)
        assert leases.is_dead(name)
    assert leases.take("run-1")
    leases.release("run-2")
    assert not leases.is_dead("run-1")


def test_a_cut_connection_does_not_keep_a_process_from_its_next_run(url: str, leases: PostgresLeases) -> None:
    assert leases.take("run-1")
    cut(url, "lease run-1")
    leases.release("run-1")
    assert leases.take("run-2")
    assert not leases.is_dead("run-2")
