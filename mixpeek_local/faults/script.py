"""The rules in force, their counters, and what was played. Used on the event loop only, so it needs no lock."""

import logging
import random
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from mixpeek_local.faults.rules import FaultRule, OutcomeRule

_REMEMBERED = 1_000
_PATH_CHARACTERS = 500

_log = logging.getLogger(__name__)


class Script:
    """Decides what a request meets: the same requests in the same order always meet the same faults."""

    def __init__(self, rules: Sequence[FaultRule | OutcomeRule] = ()) -> None:
        self.replace(rules)

    def replace(self, rules: Sequence[FaultRule | OutcomeRule]) -> None:
        """Replace all rules, and reset the counters."""
        self._rules = tuple(rules)
        self._seen: Counter[int] = Counter()
        self._played: Counter[int] = Counter()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._latest: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)

    @property
    def has_outcomes(self) -> bool:
        """Whether a rule is about videos."""
        return any(isinstance(rule, OutcomeRule) for rule in self._rules)

    def fault(self, method: str, path: str) -> FaultRule | None:
        """The fault that a request meets: that of the first rule that matches and whose turn it is.

        Args:
            method: Of the request.
            path: Without `/v1`.
        """
        chosen: FaultRule | None = None
        for index, rule in enumerate(self._rules):
            if not isinstance(rule, FaultRule) or not rule.matches(method, path):
                continue
            # Each rule counts all that matches it, played or not, so no rule shifts the draws of another.
            self._seen[index] += 1
            if chosen is None and self._is_its_turn(index, rule):
                chosen = rule
                self.note(rule, method, path)
        return chosen

    def outcome(self, url: str) -> OutcomeRule | None:
        """The first rule that matches a video's URL."""
        for index, rule in enumerate(self._rules):
            if isinstance(rule, OutcomeRule) and rule.matches(url):
                self._seen[index] += 1
                return rule
        return None

    def asked(self, what: str, object_id: str) -> int:
        """Count a read of something, and return how many there were."""
        self._asked[what, object_id] += 1
        return self._asked[what, object_id]

    def note(self, rule: FaultRule | OutcomeRule, method: str, path: str) -> None:
        """Record that a rule was played, unless it has been replaced."""
        index = next((index for index, one in enumerate(self._rules) if one is rule), None)
        if index is None:
            return
        kind = rule.fault if isinstance(rule, FaultRule) else rule.outcome
        self._played[index] += 1
        played = {
            "number": self._played.total(),
            "rule": index,
            "kind": kind,
            "method": method,
            "path": path[:_PATH_CHARACTERS],
        }
        self._latest.append(played)
        _log.info("rule %d plays %s on a %s", index, kind, method)

    def report(self) -> dict[str, Any]:
        """The rules with their counters, and the latest plays, oldest first."""
        rules = [
            {**rule.model_dump(exclude_unset=True), "seen": self._seen[index], "played": self._played[index]}
            for index, rule in enumerate(self._rules)
        ]
        return {"rules": rules, "played": list(self._latest)}

    def _is_its_turn(self, index: int, rule: FaultRule) -> bool:
        number = self._seen[index]
        if number <= rule.after or (rule.times is not None and self._played[index] >= rule.times):
            return False
        return random.Random(f"{rule.seed}:{index}:{number}").random() < rule.rate  # noqa: S311 - not for secrets
