"""The rules: some play HTTP faults, some script the outcome of a video."""

from argparse import ArgumentTypeError
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, model_validator

FaultKind = Literal[
    "reset",
    "lost-acknowledgement",
    "read-timeout",
    "late-reply",
    "cut-off",
    "slow-drip",
    "408",
    "429",
    "429-seconds",
    "429-date",
    "429-flat",
    "500",
    "502-html",
    "503",
    "503-refused",
    "403-quota",
    "redirect",
    "truncated-json",
    "nan-json",
    "json-array",
    "empty-body",
    "wrong-content-type",
    "broken-gzip",
    "large-body",
]
OutcomeKind = Literal[
    "real",
    "failed",
    "skipped",
    "cancelled",
    "endless",
    "forgotten",
    "late-asset",
    "no-features",
    "missing-feature",
    "missing-vectors",
    "empty-vectors",
    "nan-vectors",
    "other-dimension",
    "partial",
    "late-documents",
    "late-vectors",
]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
OUTCOME_KINDS: tuple[OutcomeKind, ...] = get_args(OutcomeKind)

MAX_SECONDS = 600
MAX_BYTES = 1 << 30

Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(min_length=1, max_length=200)]

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "read-timeout": {"seconds": 120.0},
    "late-reply": {"seconds": 120.0},
    "slow-drip": {"seconds": 10.0},
    "429-seconds": {"retry_after": 1},
    "429-date": {"retry_after": 1},
    "503-refused": {"retry_after": 15},
    "redirect": {"location": "/elsewhere"},
    "large-body": {"bytes": 40_000_000},
    "failed": {"status": "FAILED", "error": "a failure on demand"},
    "skipped": {"status": "SKIPPED"},
    "cancelled": {"status": "CANCELLED"},
    "endless": {"status": "PROCESSING"},
    "late-asset": {"times": 1},
    "missing-feature": {"first": None},
    "missing-vectors": {"first": None},
    "empty-vectors": {"first": None},
    "nan-vectors": {"first": None},
    "other-dimension": {"first": None, "dimension": 3},
    "late-documents": {"times": 1},
    "late-vectors": {"times": 1},
}
"""The parameters that each kind takes, with their defaults; kinds that are not here take none."""


class _Rule(BaseModel):
    """What both sorts of rules share: each kind has its own parameters and defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def filled(cls, given: Any, kind: str, common: frozenset[str]) -> Any:
        """Refuse parameters of other kinds, and fill in the defaults."""
        if not isinstance(given, dict):
            return given
        takes = DEFAULTS.get(str(given.get(kind)), {})
        foreign = sorted((set(given) & set(cls.model_fields)) - common - set(takes))
        if foreign:
            raise ValueError(f"{given.get(kind)!r} does not take {', '.join(foreign)}")
        return {**takes, **{name: value for name, value in given.items() if value is not None}}


class FaultRule(_Rule):
    """An HTTP fault for some requests.

    Attributes:
        match: A method or `*`, a space, and a glob on the path without `/v1`; `*` also matches `/`.
        fault: The kind.
        rate: The share of the matching requests that meet it, drawn by their number and the seed.
        seed: Of the draw.
        after: How many matching requests pass first.
        times: How often it is played; None is without end.
        seconds: How long it takes.
        retry_after: Seconds in Retry-After.
        location: The target of a redirect.
        bytes: The size of a body.
    """

    match: str = Field(default="* *", pattern=r"^(\*|[A-Z]+) \S+$", max_length=1_000)
    fault: FaultKind
    rate: float = Field(default=1, ge=0, le=1)
    seed: int = 0
    after: Whole = 0
    times: Whole | None = None
    seconds: Seconds = 0
    retry_after: Whole = 0
    location: str = Field(default="", pattern=r"^[!-~]*$", max_length=1_000)
    bytes: int = Field(default=0, ge=0, le=MAX_BYTES)

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: Any) -> Any:
        return cls.filled(given, "fault", frozenset({"match", "fault", "rate", "seed", "after", "times"}))

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is for this request."""
        its_method, _, its_path = self.match.partition(" ")
        return its_method in ("*", method) and fnmatchcase(path, its_path)


class OutcomeRule(_Rule):
    """The outcome of some videos as callers see it; the work itself is done as usual.

    Attributes:
        video: A glob on the video's URL.
        outcome: The kind.
        statuses: What the first polls return, one each, in any words.
        status: What later polls return.
        error: Why a task failed.
        times: How many reads find no asset, no documents or no vectors yet.
        first: How many of the video's features it affects; None is all.
        dimension: The length of a vector.
    """

    video: str = Field(min_length=1, max_length=8_192)
    outcome: OutcomeKind
    statuses: tuple[Name, ...] = ()
    status: Name | None = None
    error: str | None = Field(default=None, max_length=10_000)
    times: Whole = 0
    first: Whole | None = None
    dimension: int = Field(default=0, ge=0, le=100_000)

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: Any) -> Any:
        return cls.filled(given, "outcome", frozenset({"video", "outcome", "statuses"}))

    def matches(self, url: str) -> bool:
        """Whether the rule is for this video."""
        return fnmatchcase(url, self.video)


def _sort(rule: Any) -> str:
    outcome = "outcome" in rule if isinstance(rule, dict) else isinstance(rule, OutcomeRule)
    return "outcome" if outcome else "fault"


Rule = Annotated[
    Annotated[FaultRule, Tag("fault")] | Annotated[OutcomeRule, Tag("outcome")],
    Discriminator(_sort),
]
Rules = Annotated[tuple[Rule, ...], Field(max_length=1_000)]

_RULES: TypeAdapter[tuple[FaultRule | OutcomeRule, ...]] = TypeAdapter(Rules)


def read_rules(text: str) -> tuple[FaultRule | OutcomeRule, ...]:
    """Read a JSON list of rules.

    Raises:
        ValueError: It is not one; the message says where and why.
    """
    return _RULES.validate_json(text)


def given_rules(argument: str) -> str:
    """Read the option `--faults`: rules, the name of a file with rules, or nothing.

    Raises:
        ArgumentTypeError: The file cannot be read, or the rules are invalid.
    """
    try:
        text = argument if argument[:1] in ("", "[") else Path(argument).read_text(encoding="utf-8")
        if text:
            read_rules(text)
    except (OSError, ValueError) as error:
        raise ArgumentTypeError(str(error)) from error
    return text
