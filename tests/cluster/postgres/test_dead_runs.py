"""A run whose worker has vanished is failed by whatever machine looks for it."""

from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets.defs.run_liveness import fail_dead_runs, lease_of, leases_of, process_tag
from mixpeek_assets.locks import LockLostError
from mixpeek_assets.settings import load_settings
from tests.cluster.postgres.turns import busy, hold_lease
from tests.defs.test_run_liveness import FAILURE, STARTED, begin, status
from tests.warehouse.processes import until


def test_a_run_whose_worker_is_killed_is_failed_and_before_that_nobody_else_executes_it(
    instance: dg.DagsterInstance, url: str, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_CLUSTER", url)
    monkeypatch.setenv("MIXPEEK_LAKE", str(environment / "lake"))
    settings, run_id = load_settings(), begin(instance)
    instance.add_run_tags(run_id, {".dagster/mixpeek_process": lease_of(run_id)})
    with busy(hold_lease, url, lease_of(run_id), environment / "ready") as worker:
        fail_dead_runs(instance, "mixpeek_land", settings)
        assert status(instance, run_id) == STARTED
        with pytest.raises(LockLostError, match="another process executes run"):
            process_tag(instance, settings, run_id)
        worker.kill()
        until(lambda: leases_of(instance, settings).is_dead(lease_of(run_id)))
    fail_dead_runs(instance, "mixpeek_land", settings)
    assert status(instance, run_id) == FAILURE
