"""The requests that a run would send, without sending any."""

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
        lines: The requests that are known to be needed.
        features_per_asset: How many features landed assets have on average; None while no asset is landed.
        requests_per_minute: The rate limit; 0 is none.
    """

    lines: list[PlannedRequests]
    features_per_asset: float | None
    requests_per_minute: int

    def requests(self, *verbs: Verb) -> int:
        """Return how many requests of these verbs (by default of all) are known to be needed."""
        return sum(line.requests for line in self.lines if not verbs or line.verb in verbs)

    @property
    def total(self) -> float | None:
        """About how many requests it takes to land everything; None while the number of features is unknown.

        A video that is not processed yet is polled at least once, and becomes an asset with features.
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
        now = f"{_counted(self.requests())} can be sent now{self._minutes(self.requests())}"
        if self.total is None:
            return f"{now}. How many follow is not known yet: it depends on the features that the videos have."
        if self.total == self.requests():
            return f"{now}."
        return (
            f"{now}. With those that follow, it takes about {_counted(self.total)}{self._minutes(self.total)}: so far,"
            f" a video has {self.features_per_asset:.1f} features on average. Polls that are repeated come on top."
        )

    def _minutes(self, requests: float) -> str:
        if not self.requests_per_minute:
            return ""
        return f" ({requests / self.requests_per_minute:,.1f} minutes at {self.requests_per_minute} a minute)"


def _counted(requests: float) -> str:
    return f"{requests:,.0f} request{'' if round(requests) == 1 else 's'}"


def plan(
    warehouse: Warehouse,
    requests_per_minute: int,
    *,
    rules: SubmissionRules | None = None,
    partitions: Sequence[date] | None = None,
    manifest: Manifest | None = None,
    refetch: bool = False,
) -> Plan:
    """Return what would be submitted, polled and fetched.

    Args:
        warehouse: The warehouse with the known videos and tasks.
        requests_per_minute: The rate limit; 0 is none.
        rules: Which videos are submitted again, beside the new ones.
        partitions: Only these; None is all.
        manifest: A manifest whose new videos are counted too.
        refetch: Whether what is landed is fetched again.
    """
    rules = rules or SubmissionRules()
    with warehouse.reader() as reader:
        new = [] if manifest is None else reader.planned_submissions(manifest.videos, rules, partitions)
        known = reader.planned_requests(rules, partitions, refetch=refetch)
        return Plan([*new, *known], reader.features_per_asset(), requests_per_minute)
