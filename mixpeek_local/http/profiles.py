"""Which fields and paths each era of the contract has."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mixpeek_local.config import PROFILES, Profile

Kind = Literal["ingest", "task", "asset"]

_LATER: frozenset[Profile] = frozenset({"dec", "v1"})
_ERAS: Mapping[Kind, Mapping[str, Collection[Profile]]] = {
    "ingest": {"message": {"guide", "dec"}, "status": {"v1"}, "inputs": {"v1"}, "outputs": {"v1"}},
    "task": {"asset_id": {"guide"}, "inputs": _LATER, "outputs": _LATER},
    "asset": {"unique_hash": {"guide"}, "file_hash": _LATER, "file_data": _LATER, "duplicate_of": _LATER},
}
"""Which eras have a field (contract b2 to b4); a field that is not here is in all of them."""


@dataclass(frozen=True)
class Profiles:
    """The eras that one server speaks. Its replies have the fields of all of them."""

    names: tuple[Profile, ...] = PROFILES

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Where the routes are: the prefix came in January 2025 (contract, timeline)."""
        unprefixed = ("",) if {"guide", "dec"} & set(self.names) else ()
        return (*unprefixed, "/v1") if "v1" in self.names else unprefixed

    @property
    def takes_any_url(self) -> bool:
        """Whether a video's URL may be other than http(s), like `video.mp4` in the guide."""
        return "guide" in self.names

    def reply(self, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
        """The body without the fields that only other eras have."""
        eras = _ERAS[kind]
        spoken = set(self.names)
        return {field: value for field, value in body.items() if not spoken.isdisjoint(eras.get(field, spoken))}
