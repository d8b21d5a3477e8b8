"""The requests that a run would send, and what they would cost, without submitting anything."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date

from mixpeek_assets.api.port import MixpeekClient, Preparation
from mixpeek_assets.api.units import Units, Verb
from mixpeek_assets.errors import UserError
from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.strict_json import JsonObject
from mixpeek_assets.warehouse.rows import Needed
from mixpeek_assets.warehouse.selection import SubmissionRules
from mixpeek_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class PlannedRequests:
    """Requests of one verb, partition and reason that are known to be needed.

    Attributes:
        items: What they are about: videos to submit, tasks to poll, assets or features to fetch.
    """

    verb: Verb
    partition_date: date
    why: str
    requests: int
    items: int


@dataclass(frozen=True)
class Plan:
    """The requests that a run would send.

    Attributes:
        needed: What is known to be needed.
        units: In how many requests.
        features_per_asset: How many features landed assets have on average; None while no asset is landed.
        requests_per_minute: The rate limit; 0 is none.
    """

    needed: list[Needed]
    units: Units
    features_per_asset: float | None
    requests_per_minute: int

    @property
    def lines(self) -> list[PlannedRequests]:
        """The requests, by verb, partition and reason."""
        return [self._line(*key, rows) for key, rows in _grouped(self.needed)]

    @property
    def videos(self) -> Mapping[str, int]:
        """How many videos are to be submitted, by collection."""
        found = Counter[str]()
        for one in self.needed:
            if one.verb == "submit" and one.collection is not None:
                found[one.collection] += one.items
        return found

    def requests(self) -> int:
        """Return how many requests are known to be needed."""
        return sum(line.requests for line in self.lines)

    @property
    def total(self) -> float | None:
        """About how many requests it takes to land everything; None while the number of features is unknown.

        A video that is not processed yet is polled at least once, and becomes an asset with features.
        """
        videos, fetched = self._items("submit"), self._items("fetch asset")
        coming = videos + self._items("poll")
        if not coming + fetched:
            return float(self.requests())
        if self.features_per_asset is None:
            return None
        return self.requests() + self.units.following(videos, coming, fetched, self.features_per_asset)

    def summary(self) -> str:
        """Return the plan in a sentence."""
        if not self.needed:
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

    def _items(self, verb: Verb) -> int:
        return sum(one.items for one in self.needed if one.verb == verb)

    def _line(self, verb: Verb, day: date, why: str, needed: Sequence[Needed]) -> PlannedRequests:
        # A task and a collection are never shared, so each collection has requests of its own.
        items = [one.tasks if verb == "poll" else one.items for one in needed]
        requests = sum(self.units.requests(verb, number, self.features_per_asset) for number in items)
        return PlannedRequests(verb, day, why, requests, sum(items))

    def _minutes(self, requests: float) -> str:
        if not self.requests_per_minute:
            return ""
        return f" ({requests / self.requests_per_minute:,.1f} minutes at {self.requests_per_minute} a minute)"


def _grouped(needed: Iterable[Needed]) -> Iterable[tuple[tuple[Verb, date, str], list[Needed]]]:
    groups: dict[tuple[Verb, date, str], list[Needed]] = {}
    for one in needed:
        groups.setdefault((one.verb, one.partition_date, one.why), []).append(one)
    return groups.items()


def _counted(requests: float) -> str:
    return f"{requests:,.0f} request{'' if round(requests) == 1 else 's'}"


def plan(
    warehouse: Warehouse,
    units: Units,
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
        units: What one request is about.
        requests_per_minute: The rate limit; 0 is none.
        rules: Which videos are submitted again, beside the new ones.
        partitions: Only these; None is all.
        manifest: A manifest whose new videos are counted too.
        refetch: Whether what is landed is fetched again.
    """
    rules = rules or SubmissionRules()
    with warehouse.reader() as reader:
        new = [] if manifest is None else reader.needed_submissions(manifest.videos, rules, partitions)
        known = reader.needed(rules, partitions, refetch=refetch)
        if refetch and units.brings_vectors:
            known = [one for one in known if one.verb != "fetch vectors"]
        return Plan([*new, *known], units, reader.features_per_asset(), requests_per_minute)


def prepare(
    found: Plan,
    opened: Callable[[], AbstractContextManager[MixpeekClient]],
    extractors: list[JsonObject] | None,
) -> Preparation | None:
    """Ask the API what the submissions would make first, and cost; None: there are none. Nothing is made.

    An API that does not answer leaves the cost unknown.

    Args:
        found: The plan.
        opened: Opens a client, with a policy that does not wait for long.
        extractors: The settings that the videos would be extracted with.
    """
    if not found.videos:
        return None
    try:
        with opened() as client:
            return client.prepare(found.videos, extractors)
    except UserError as error:
        return Preparation(why_unknown=str(error).removesuffix("."))
