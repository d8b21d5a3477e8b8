"""What a run would send, found out without sending anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.warehouse.rows import PlannedRequests, Verb
from mixpeek_assets.warehouse.selection import SubmissionRules
from mixpeek_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Plan:
    """The requests that a run would send.

    Attributes:
        lines: What is known to be needed.
        features_per_asset: How many features landed assets have on average; None while none is landed.
        requests_per_minute: The rate limit; 0 is none.
    """

    lines: list[PlannedRequests]
    features_per_asset: float | None
    requests_per_minute: int

    def requests(self, *verbs: Verb) -> int:
        """How many requests of some verbs (or of all) are known to be needed."""
        return sum(line.requests for line in self.lines if not verbs or line.verb in verbs)

    @property
    def total(self) -> float | None:
        """About how many requests it takes until all is landed; None while nothing tells how many features to expect.

        A video that is not processed yet is polled at least once, and gives an asset with its features.
        """
        to_come = self.requests("submit", "poll")
        assets = to_come + self.requests("fetch asset")
        if not assets:
            return float(self.requests())
        if self.features_per_asset is None:
            return None
        return self.requests() + self.requests("submit") + to_come + assets * self.features_per_asset

    def summary(self) -> str:
        """Return the plan in a sentence."""
        if not self.lines:
            return "No request is needed."
        known = f"{self.requests():,} requests are known to be needed"
        if self.total is None:
            return f"{known}{self._minutes(self.requests())}; the number of features is not known yet."
        if self.total == self.requests():
            return f"{known}{self._minutes(self.total)}."
        return (
            f"{known}; about {self.total:,.0f} in all{self._minutes(self.total)}, if assets have"
            f" {self.features_per_asset:.1f} features as so far (repeated polls not counted)."
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
    with warehouse.reader() as reader:
        new = [] if manifest is None else reader.planned_submissions(manifest.videos)
        known = reader.planned_requests(rules or SubmissionRules(), partitions, refetch=refetch)
        return Plan([*new, *known], reader.features_per_asset(), requests_per_minute)
