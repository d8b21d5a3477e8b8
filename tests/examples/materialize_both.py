"""Run in the example's own environment: ingest and land both collections, twice, and say what there is.

python -I materialize_both.py
"""

import json
import sys
from datetime import UTC, datetime

import dagster as dg
import two_collections
from two_collections.definitions import defs

import mixpeek_assets

DAY = datetime.now(UTC).date().isoformat()


def main() -> None:
    """Materialize both collections."""
    repository = defs().get_repository_def()
    landed: dict[str, bool] = {}
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            for name in ("trailers", "lectures"):
                run(repository, instance, f"{name}_ingest")
                poll = repository.get_sensor_def(f"{name}_task_status_sensor")
                with dg.build_sensor_context(
                    instance=instance, resources=repository.get_top_level_resources(), repository_def=repository
                ) as context:
                    requested = poll.evaluate_tick(context).run_requests or []
                for _ in requested:
                    run(repository, instance, f"{name}_land")
                key = dg.AssetKey([name, "vectors"])
                landed[key.to_user_string()] = instance.get_latest_materialization_event(key) is not None
    modules = {module.__name__: module.__file__ for module in (mixpeek_assets, two_collections)}
    json.dump({"landed": landed, "modules": modules}, sys.stdout)


def run(repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, job: str) -> None:
    """Run a job of today."""
    assert repository.get_job(job).execute_in_process(instance=instance, partition_key=DAY).success


main()
