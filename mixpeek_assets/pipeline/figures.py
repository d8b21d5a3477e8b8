"""What a step of the pipeline did and how long it took, as figures to plot."""

import time
from dataclasses import dataclass, field
from typing import get_args

from mixpeek_assets.api.figures import Figures
from mixpeek_assets.api.port import MixpeekClient
from mixpeek_assets.warehouse.loading import Loaded
from mixpeek_assets.warehouse.row_counts import Fate
from mixpeek_assets.warehouse.schema import TableName
from mixpeek_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class StepFigures:
    """The figures of a step.

    Attributes:
        api: What its client did.
        loaded: What its loads did: rows of its own run, less those that another process happened to load.
        seconds: How long it took.
        lock_seconds: How long its threads waited for the warehouse's file, summed.
    """

    api: Figures = field(default_factory=Figures)
    loaded: Loaded = field(default_factory=Loaded)
    seconds: float = 0.0
    lock_seconds: float = 0.0

    def as_metadata(self, table: TableName | None = None) -> dict[str, int | float]:
        """Return the figures by name, with the rows of one table if there is one. The names do not change.

        The seconds of the rate limit and of the API are summed over threads, so they may exceed `seconds`.
        """
        api = self.api
        rows = {f"rows_{fate}": self.loaded.rows[table, fate] for fate in get_args(Fate)} if table else {}
        seconds = {
            "seconds": self.seconds,
            "seconds_waiting_for_rate_limit": api.limit_seconds,
            "seconds_in_api": api.api_seconds,
            "seconds_waiting_for_lock": self.lock_seconds,
            "seconds_loading": self.loaded.seconds,
        }
        return {
            "requests": sum(api.requests.values()),
            **{f"requests {endpoint}": count for endpoint, count in sorted(api.requests.items())},
            "retries": api.retries,
            "rate_limited": api.rate_limited,
            "bytes": api.bytes,
            "percent_waiting_for_rate_limit": round(100 * api.limit_share, 1),
            **{name: round(value, 3) for name, value in seconds.items()},
            **rows,
        }


class StepMeter:
    """Measures a step, from its own creation.

    Args:
        client: The client, which may have worked before.
        warehouse: The warehouse, likewise.
    """

    def __init__(self, client: MixpeekClient, warehouse: Warehouse) -> None:
        self._client, self._waiting = client, warehouse.database.waiting
        self._began = time.monotonic()
        self._client_before, self._waited_before = client.figures, self._waiting.seconds

    def figures(self, loaded: Loaded) -> StepFigures:
        """Return the figures so far, with those of the loads."""
        return StepFigures(
            self._client.figures - self._client_before,
            loaded,
            time.monotonic() - self._began,
            self._waiting.seconds - self._waited_before,
        )
