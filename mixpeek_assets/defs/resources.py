"""Thin Dagster shells over the client and the warehouse; both hold the settings, and nothing reads the environment.

They have no configuration that a run could change: their pages in the UI describe what the settings say.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource

from mixpeek_assets.api.port import MixpeekClient
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.chosen_api import how_style_is_known, known_per_minute, known_style
from mixpeek_assets.connections import open_client, open_site, open_warehouse
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.warehouse import Warehouse

_log = logging.getLogger(__name__)

TICK_WAREHOUSE_SECONDS = 10
"""How long a sensor waits for the warehouse: Dagster drops a tick after 60 s, but its thread would go on waiting."""


class MixpeekResource(dg.ConfigurableResource):
    """The Mixpeek API that the settings name; with no key set, the local one.

    It has no configuration of its own, so the key appears in no run config and on no page of the UI.
    """

    settings: dg.ResourceDependency[Settings]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the resource, whose page in the UI says which API it is."""
        per_minute, style = known_per_minute(settings), known_style(settings)
        return _described(
            cls,
            "The Mixpeek API.",
            {
                "API": "the local one, which `make dev` starts" if settings.uses_local_api else settings.api_name,
                "style": f"`{style}` ({how_style_is_known(settings)})" if style else how_style_is_known(settings),
                "path prefix": settings.api_prefix or "none",
                "namespace": settings.namespace or "none",
                "rate limit": f"{per_minute} requests a minute, over all processes" if per_minute else "none",
                "requests in flight": settings.concurrency,
                "key": "none is needed" if settings.uses_local_api else f"from the variable `{settings.key_variable}`",
            },
        )(settings=settings)

    @contextmanager
    def client(self, policy: RetryPolicy | None = None) -> Iterator[MixpeekClient]:
        """Open a client.

        Raises:
            SettingsError: a URL is set and no key.
            LocalApiDownError: the local API is meant, and it is not running.
        """
        with open_client(self.settings, policy) as client:
            yield client


class WarehouseResource(DuckDBResource):
    """The DuckDB file, or a cluster's DuckLake. It also serves assets of yours that ask for a `DuckDBResource`."""

    settings: dg.ResourceDependency[Settings]
    # Dependencies are no configuration: a run cannot write to another file.
    database: dg.ResourceDependency[str]  # pyright: ignore[reportIncompatibleVariableOverride]
    connection_config: dg.ResourceDependency[dict[str, Any]]  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the resource, whose page in the UI says what it is."""
        store = open_site(settings).store
        facts: dict[str, object] = {
            store.kind: store.name,
            "schema": "mixpeek",
            "collection": settings.seen_collection or "all",
        }
        described = _described(cls, f"The {store.kind}, for your assets too.", facts)
        return described(settings=settings, database=store.name, connection_config={})

    def open(self, longest_wait: float = float("inf"), on_wait: Callable[[str], object] | None = None) -> Warehouse:
        """Return the warehouse.

        Args:
            longest_wait: Seconds to wait for it, if that is less than what the settings say.
            on_wait: Called with a sentence when the wait is long, e.g. `context.log.warning`.
        """
        return open_warehouse(self.settings, longest_wait=longest_wait, on_wait=on_wait, asks=on_wait or _log.info)

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the store in turn with every other writer of the project; it is closed even after an exception."""
        with self.open().database.connection() as connection:
            yield connection


def _described(cls: Any, first: str, facts: dict[str, object]) -> Any:
    """Return a resource's class with a description of its own, which Dagster takes from the docstring."""
    lines = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return type(cls.__name__, (cls,), {"__doc__": f"{first}\n\n{lines}", "__module__": cls.__module__})
