"""The five assets as one group, of which a code location may hold several: their names, partitions and resources."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import dagster as dg

from mixpeek_assets.defs.checks import check_specs
from mixpeek_assets.defs.metadata import definition_metadata
from mixpeek_assets.defs.partitions import daily_partitions, several_days_a_run
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.warehouse.schema import TableName

OWNERS = ["team:data-engineering"]


@dataclass(frozen=True)
class AssetGroup:
    """One set of the five assets.

    Attributes:
        name: The assets' group in the UI.
        key_prefix: Prefix of each asset's key, and of the names of jobs, sensors, schedules and resources.
        first_partition: The first day that can be a partition.
    """

    name: str = "mixpeek"
    key_prefix: tuple[str, ...] = ()
    first_partition: date = date(2024, 1, 1)

    @cached_property
    def partitions(self) -> dg.DailyPartitionsDefinition:
        """The assets' partitions."""
        return daily_partitions(self.first_partition)

    def key(self, table: TableName) -> dg.AssetKey:
        """Return the key of a table's asset."""
        return dg.AssetKey([*self.key_prefix, table])

    def named(self, name: str) -> str:
        """Return the name of a job, sensor, schedule, step or resource of this group."""
        return "_".join([*self.key_prefix, name])

    def mixpeek(self, context: dg.AssetExecutionContext | dg.SensorEvaluationContext) -> MixpeekResource:
        """Return the group's Mixpeek resource."""
        return getattr(context.resources, self.named("mixpeek"))

    def warehouse(self, context: dg.AssetExecutionContext | dg.SensorEvaluationContext) -> WarehouseResource:
        """Return the group's warehouse resource."""
        return getattr(context.resources, self.named("warehouse"))

    @property
    def resource_keys(self) -> set[str]:
        """The keys of both resources."""
        return {self.named("mixpeek"), self.named("warehouse")}

    def asset(
        self, table: TableName, *, upstream: Iterable[TableName] = (), kinds: set[str], output_required: bool = True
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Declare the asset of one table; the function's docstring is its description in the UI."""
        arguments = {**self.spec_arguments(table, upstream, kinds), **self.step_arguments(table)}
        return dg.asset(output_required=output_required, **arguments)

    def spec_arguments(self, table: TableName, upstream: Iterable[TableName], kinds: set[str]) -> dict[str, Any]:
        """Return what the asset of a table declares, by itself or as part of a multi-asset."""
        return {
            "key": self.key(table),
            "deps": [self.key(name) for name in upstream],
            "group_name": self.name,
            "owners": OWNERS,
            "kinds": kinds,
            "metadata": definition_metadata(table),
        }

    def step_arguments(self, *tables: TableName) -> dict[str, Any]:
        """Return what the step that fills these tables declares."""
        return {
            "partitions_def": self.partitions,
            "backfill_policy": several_days_a_run,
            "check_specs": [spec for table in tables for spec in check_specs(table, self.key(table))],
            "required_resource_keys": self.resource_keys,
        }
