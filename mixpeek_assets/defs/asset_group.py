"""The five assets as one group, of which a code location may hold several: their names, partitions and resources."""

import inspect
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from mixpeek_assets.defs.checks import Check
from mixpeek_assets.defs.metadata import definition_metadata
from mixpeek_assets.defs.partitions import daily_partitions, several_days_a_run
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.warehouse.schema import SCHEMA, TableName

DEFAULT_PREFIX = (SCHEMA,)

_CODE_VERSION = "1"
"""Raised when the same replies give other rows: Dagster then shows what is landed as out of date."""

Context = dg.AssetExecutionContext | dg.AssetCheckExecutionContext | dg.OpExecutionContext | dg.SensorEvaluationContext


@dataclass(frozen=True)
class AssetGroup:
    """One set of the five assets.

    Attributes:
        first_partition: The first day that can be a partition.
        name: The assets' group in the UI.
        key_prefix: Prefix of each asset's key; by default the schema of the tables.
        owners: The assets' owners in the UI.
        tags: The assets' tags in the UI.
        uri: The DuckDB file.
        thumbnails: The local API's folder of pictures; None: the API is another.
    """

    first_partition: date
    uri: str
    name: str = "mixpeek"
    key_prefix: tuple[str, ...] = DEFAULT_PREFIX
    owners: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    thumbnails: Path | None = None

    @cached_property
    def partitions(self) -> dg.DailyPartitionsDefinition:
        """The assets' partitions."""
        return daily_partitions(self.first_partition)

    def key(self, name: TableName | str) -> dg.AssetKey:
        """Return the key of a table's asset, or of what is up- or downstream of the tables."""
        return dg.AssetKey([*self.key_prefix, name])

    def job(self, verb: str) -> str:
        """Return the name of a job, e.g. `mixpeek_ingest`."""
        return "_".join([*self.key_prefix, verb])

    def named(self, name: str) -> str:
        """Return the name of a sensor, schedule, step or resource; one with the default prefix goes without it."""
        return name if self.key_prefix == DEFAULT_PREFIX else "_".join([*self.key_prefix, name])

    def mixpeek(self, context: Context) -> MixpeekResource:
        """Return the group's Mixpeek resource."""
        return getattr(context.resources, self.named("mixpeek"))

    def warehouse(self, context: Context) -> WarehouseResource:
        """Return the group's warehouse resource."""
        return getattr(context.resources, self.named("warehouse"))

    def check_key(self, check: Check) -> dg.AssetCheckKey:
        """Return the key of a check."""
        return dg.AssetCheckKey(self.key(check.table), check.name)

    @property
    def resource_keys(self) -> set[str]:
        """The keys of both resources."""
        return {self.named("mixpeek"), self.named("warehouse")}

    def asset(
        self, table: TableName, *, upstream: Sequence[str], kinds: set[str], freshness: dg.FreshnessPolicy | None = None
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Declare the step that fills one table; the function's docstring is the asset's description in the UI."""

        def declare(function: Callable[..., Any]) -> dg.AssetsDefinition:
            spec = self.spec(table, inspect.getdoc(function) or "", upstream, kinds)
            spec = spec.replace_attributes(freshness_policy=freshness) if freshness else spec
            return self.step(table, [spec])(function)

        return declare

    def spec(self, table: TableName, description: str, upstream: Sequence[str], kinds: set[str]) -> dg.AssetSpec:
        """Return what the asset of a table declares."""
        return dg.AssetSpec(
            self.key(table),
            deps=[self.key(name) for name in upstream],
            description=description,
            group_name=self.name,
            owners=self.owners,
            tags={"dagster/storage_kind": "duckdb", **dict(self.tags)},
            kinds=kinds,
            code_version=_CODE_VERSION,
            metadata=definition_metadata(table, self.uri),
        )

    def downstream(
        self, name: str, deps: Sequence[dg.AssetDep], description: str, *, kinds: Set[str], uri: str
    ) -> dg.AssetSpec:
        """Return what an asset declares that is made of the tables, and is none of them."""
        return dg.AssetSpec(
            self.key(name),
            deps=deps,
            description=description,
            group_name=self.name,
            owners=self.owners,
            tags=dict(self.tags),
            kinds=set(kinds),
            metadata={"dagster/uri": uri},
        )

    def step(self, name: str, specs: Sequence[dg.AssetSpec]) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Declare a step that fills some assets of days, of which a person may choose any."""
        return dg.multi_asset(
            name=self.named(name),
            specs=specs,
            can_subset=True,
            partitions_def=self.partitions,
            backfill_policy=several_days_a_run,
            required_resource_keys=self.resource_keys,
        )
