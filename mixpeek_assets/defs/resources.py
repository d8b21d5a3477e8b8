"""Thin Dagster shells over the client and the warehouse; both hold the settings, and nothing reads the environment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource

from mixpeek_assets.api.client import MixpeekClient, RetryPolicy
from mixpeek_assets.connections import open_client, open_warehouse
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.warehouse import Warehouse

TICK_WAREHOUSE_SECONDS = 10
"""How long a sensor waits for the warehouse: Dagster drops a tick after 60 s, but its thread would go on waiting."""


class MixpeekResource(dg.ConfigurableResource):
    """The Mixpeek API that the settings name; with no key set, the local one.

    It has no configuration of its own, so the key appears in no run config and on no page of the UI.
    """

    settings: dg.ResourceDependency[Settings]

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
    """The DuckDB file. It also serves assets of yours that ask for a `DuckDBResource`."""

    settings: dg.ResourceDependency[Settings]

    def open(self, longest_wait: float = float("inf"), on_wait: Callable[[str], object] | None = None) -> Warehouse:
        """Return the warehouse.

        Args:
            longest_wait: Seconds to wait for the file, if that is less than what the settings say.
            on_wait: Called with a sentence when the wait is long, e.g. `context.log.warning`.
        """
        return open_warehouse(self.settings, path=Path(self.database), longest_wait=longest_wait, on_wait=on_wait)

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file in turn with every other process of the project; it is closed even after an exception."""
        with self.open().database.connection() as connection:
            yield connection
