"""The sensor that reads the manifest and requests ingestions of new videos."""

import re
from contextlib import nullcontext
from dataclasses import dataclass

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.chosen_api import LocalApiDownError, require_api
from mixpeek_assets.connections import submission_rules
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.first_partition import remember_first_partition
from mixpeek_assets.defs.jobs import INGEST
from mixpeek_assets.defs.resources import TICK_WAREHOUSE_SECONDS
from mixpeek_assets.defs.run_liveness import fail_dead_runs
from mixpeek_assets.defs.run_requests import partitions_to_ingest, past_runs, ready, run_tags, why_not_ready
from mixpeek_assets.labels import counted
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.manifest.sources import fingerprint
from mixpeek_assets.warehouse.errors import WarehouseBusyError


@dataclass(frozen=True)
class Cursor:
    """The manifest that was last found fully ingested, and the day; losing it costs one more read."""

    fingerprint: str | None
    day: str

    def __str__(self) -> str:
        return f"all ingested on {self.day} (manifest {self.fingerprint})"

    @classmethod
    def read(cls, text: str | None) -> "Cursor | None":
        """Read a cursor; of another text there is none."""
        found = re.fullmatch(r"all ingested on (\S+) \(manifest (\S+)\)", text or "")
        return cls(found[2], found[1]) if found else None


def build_manifest_sensor(group: AssetGroup, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    """Return the sensor `manifest_sensor` of a group."""
    job = group.job(INGEST)

    @dg.sensor(
        name=group.named("manifest_sensor"),
        job_name=job,
        minimum_interval_seconds=60,
        default_status=status,
        required_resource_keys=group.resource_keys,
        description=f"Reads the manifest when it has changed, and requests {job} for each day with videos that are"
        " new or not submitted. Its cursor says which manifest is ingested.",
    )
    def manifest_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now, resource = clock.now(), group.warehouse(context)
        settings = resource.settings
        with user_errors_as_failures():
            current = Cursor(fingerprint(settings), now.date().isoformat())
            known = current.fingerprint is not None and current == Cursor.read(context.cursor)
            try:
                with nullcontext() if known else read_manifest(settings) as manifest:
                    warehouse = resource.open(TICK_WAREHOUSE_SECONDS)
                    partitions = partitions_to_ingest(warehouse, manifest, rules=submission_rules(settings), now=now)
                require_api(settings)
            except (WarehouseBusyError, LocalApiDownError) as error:
                return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
            early = [day for day in partitions if day < group.first_partition]
            if early:
                remember_first_partition(settings, early[0])
            fail_dead_runs(context.instance, job, settings)
        runs = past_runs(context.instance, job)
        usable = [day for day in partitions if day not in early]
        chosen = ready(usable, runs, now)
        requests = [
            dg.RunRequest(run_key=key, partition_key=day.isoformat(), tags=run_tags(group.named("manifest_sensor")))
            for day, key in chosen.items()
        ]
        if not partitions:
            # An unusable row may become usable without a change of the manifest: a local file may appear.
            done = manifest is None or not manifest.unusable
            cursor = str(current) if done else context.cursor
            return dg.SensorResult(skip_reason="every video of the manifest is ingested", cursor=cursor)
        said = "; ".join(
            part
            for part in (
                f"ingesting {', '.join(map(str, chosen))}" if chosen else "",
                why_not_ready([day for day in usable if day not in chosen], runs, now),
                _early(group, len(early)),
            )
            if part
        )
        context.log.info(said)
        return dg.SensorResult(run_requests=requests, cursor=said, skip_reason=None if requests else said)

    return manifest_sensor


def _early(group: AssetGroup, count: int) -> str:
    if not count:
        return ""
    return (
        f"{counted(count, 'day')} of the manifest {'is' if count == 1 else 'are'} before {group.first_partition}, the"
        " first partition: reload the code location (Deployment > Code locations > Reload), and"
        f" {'it is' if count == 1 else 'they are'} taken in"
    )
