"""What a run would send, told without sending anything. No Dagster in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.warehouse.warehouse import SubmissionRules, Warehouse


@dataclass(frozen=True)
class Plan:
    """The requests that are to be sent.

    Attributes:
        lines: What is known to be needed: verb, partition_date, why and requests.
        features_per_asset: How many features the landed assets have on average; None while none is landed.
        requests_per_minute: The rate limit; 0 is none.
    """

    lines: list[dict[str, Any]]
    features_per_asset: float | None
    requests_per_minute: int

    def requests(self, *verbs: str) -> int:
        """How many requests of some verbs (or of all) are known to be needed."""
        return sum(line["requests"] for line in self.lines if not verbs or line["verb"] in verbs)

    @property
    def in_all(self) -> float | None:
        """About how many requests it comes to once all is landed; None when nothing tells how many features to expect.

        A video that is yet to be processed is polled at least once, and gives an asset with its features.
        """
        to_come = self.requests("submit", "poll")
        assets = to_come + self.requests("fetch asset")
        if not assets:
            return float(self.requests())
        if self.features_per_asset is None:
            return None
        return self.requests() + self.requests("submit") + to_come + assets * self.features_per_asset

    def told(self) -> str:
        """Return the sum in a sentence."""
        if not self.lines:
            return "No request is needed."
        known = f"{self.requests():,} requests are known to be needed"
        if self.in_all is None:
            return f"{known}{self._minutes(self.requests())}; how many features there will be is not known yet."
        if self.in_all == self.requests():
            return f"{known}{self._minutes(self.in_all)}."
        return (
            f"{known}; about {self.in_all:,.0f} in all{self._minutes(self.in_all)}, polls that find nothing new not"
            f" counted, if assets have {self.features_per_asset:.1f} features as so far."
        )

    def _minutes(self, requests: float) -> str:
        if not self.requests_per_minute:
            return ", with no rate limit"
        return f", {requests / self.requests_per_minute:,.1f} minutes at {self.requests_per_minute} a minute"


def plan(
    warehouse: Warehouse,
    requests_per_minute: int,
    *,
    rules: SubmissionRules | None = None,
    partitions: Sequence[date] | None = None,
    manifest: Manifest | None = None,
    refetch: bool = False,
) -> Plan:
    """Find out what would be submitted, polled and fetched.

    Args:
        warehouse: What is known.
        requests_per_minute: The rate limit; 0 is none.
        rules: Which videos are submitted, beside those that never were.
        partitions: Only these; None is all.
        manifest: Its new videos are counted too.
        refetch: Whether what is landed is fetched again.
    """
    new = [] if manifest is None else warehouse.rows("plan_manifest", manifest=str(manifest.videos))
    chosen = None if partitions is None else list(partitions)
    known = warehouse.needed("plan", rules, partitions=chosen, refetch=refetch)
    return Plan([*new, *known], warehouse.rows("features_per_asset")[0]["features"], requests_per_minute)
