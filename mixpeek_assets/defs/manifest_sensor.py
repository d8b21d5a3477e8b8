"""The sensor that reads the manifest and requests `ingest_job` for new videos."""

import json
from contextlib import nullcontext
from dataclasses import asdict, dataclass

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.connections import submission_rules
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.jobs import INGEST_JOB
from mixpeek_assets.defs.resources import TICK_WAREHOUSE_SECONDS
from mixpeek_assets.defs.run_liveness import fail_dead_runs
from mixpeek_assets.defs.run_requests import partitions_to_ingest, past_runs, ready
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.manifest.sources import fingerprint
from mixpeek_assets.warehouse.errors import WarehouseBusyError


@dataclass(frozen=True)
class Cursor:
    """The manifest that was last found fully ingested, and the day; losing it costs one more read."""

    fingerprint: str | None = None
    day: str | None = None
    version: int = 1

    @classmethod
    def read(cls, text: str | None) -> "Cursor":
        """Read a cursor; an unreadable one, or one of another version, is ignored."""
        try:
            cursor = cls(**json.loads(text or "{}"))
        except (ValueError, TypeError):
            return cls()
        return cursor if cursor.version == cls.version else cls()


def build_manifest_sensor(group: AssetGroup) -> dg.SensorDefinition:
    """Return the sensor `manifest_sensor` of a group."""
    job = group.named(INGEST_JOB)

    @dg.sensor(
        name=group.named("manifest_sensor"),
        job_name=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys=group.resource_keys,
    )
    def manifest_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Requests `ingest_job` for each partition with videos that are new or not submitted."""
        now, resource = clock.now(), group.warehouse(context)
        settings = resource.settings
        with user_errors_as_failures():
            current = Cursor(fingerprint(settings), now.date().isoformat())
            known = current.fingerprint is not None and current == Cursor.read(context.cursor)
            try:
                with nullcontext() if known else read_manifest(settings) as manifest:
                    warehouse = resource.open(TICK_WAREHOUSE_SECONDS)
                    partitions = partitions_to_ingest(warehouse, manifest, rules=submission_rules(settings), now=now)
            except WarehouseBusyError as error:
                return dg.SkipReason(str(error))
        fail_dead_runs(context.instance, job)
        requests = [
            dg.RunRequest(run_key=key, partition_key=partition.isoformat())
            for partition, key in ready(partitions, past_runs(context.instance, job), now).items()
        ]
        if not partitions:
            # An unusable row may become usable without a change of the manifest: a local file may appear.
            if manifest is None or not manifest.unusable:
                context.update_cursor(json.dumps(asdict(current)))
            return dg.SkipReason("every video of the manifest is ingested")
        if not requests:
            return dg.SkipReason(
                f"{len(partitions)} partitions to ingest: a run of each is in progress, or failed a moment ago"
            )
        return dg.SensorResult(run_requests=requests)

    return manifest_sensor
