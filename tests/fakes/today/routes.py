"""Which call is which, and what its body may say: a key that is not declared is refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.today.errors import bad_request, invalid
from tests.fakes.today.world import World


@dataclass(frozen=True)
class Call:
    """A call that is understood: `parts` are those of its path, `namespace` is the id of the one it names."""

    parts: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    namespace: str

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a flag of the query."""
        return self.query.get(name, str(default)).lower() in {"true", "1"}


Handler = Callable[[World, Call], Any]


@dataclass(frozen=True)
class Route:
    """A call of the API.

    Attributes:
        keys: What the body may say, or None when it may say anything.
        required: What it must say.
        has_namespace: Whether it needs X-Namespace.
        writes: Whether it is refused while there is no writer.
    """

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    keys: frozenset[str] | None
    required: frozenset[str]
    has_namespace: bool
    writes: bool

    def check(self, body: Any) -> dict[str, Any]:
        """Return the body if it says what it must, and nothing else."""
        said = {} if body is None else body
        if not isinstance(said, dict):
            raise invalid("dict_type", ["body"], "Input should be a valid dictionary")
        if absent := sorted(self.required - said.keys()):
            raise invalid("missing", ["body", absent[0]], "Field required")
        check_keys(said, self.keys, "body")
        return said


ROUTES: list[Route] = []


def route(
    method: str,
    path: str,
    keys: str | None = "",
    required: str = "",
    *,
    has_namespace: bool = True,
    writes: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare a call: `{name}` is a part of its path, and `keys` are beside what is `required`."""
    pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path) + "$")
    declared = None if keys is None else frozenset(f"{keys} {required}".split())

    def declare(handler: Handler) -> Handler:
        ROUTES.append(Route(method, pattern, handler, declared, frozenset(required.split()), has_namespace, writes))
        return handler

    return declare


def check_keys(said: dict[str, Any], declared: frozenset[str] | None, *where: str) -> None:
    """Refuse the first key that is not declared."""
    for key in said:
        if declared is not None and key not in declared:
            raise invalid("extra_forbidden", [*where, key], "Extra inputs are not permitted")


def number(said: dict[str, Any], names: tuple[str, ...], default: int, most: int) -> int:
    """Return a whole number of a query or a body, under any of its names."""
    for name in names:
        if said.get(name) is not None:
            if not str(said[name]).isdigit() or not 0 <= int(said[name]) <= most:
                raise invalid("less_than_equal", [name], f"Input should be from 0 to {most}")
            return int(said[name])
    return default


def paged(call: Call, found: list[Any], *, default: int = 100) -> tuple[list[Any], dict[str, Any]]:
    """Return a page of what was found, by query or body, and its `pagination`."""
    said: dict[str, Any] = {**call.query, **call.body}
    limit = number(said, ("limit", "page_size"), default, 1_000)
    if limit == 0:
        raise invalid("greater_than_equal", ["limit"], "Input should be greater than or equal to 1")
    first = number(said, ("offset",), 0, 10_000)
    cursor = next((said[name] for name in ("cursor", "next_cursor", "after") if said.get(name)), None)
    if cursor is not None:
        if not re.fullmatch(r"cur_\d+", str(cursor)):
            raise bad_request("the cursor is not valid")
        first = int(cursor.removeprefix("cur_"))
    end = first + limit
    pagination = {
        "total": len(found) if str(said.get("include_total")).lower() == "true" else None,
        "page": first // limit + 1,
        "page_size": limit,
        "total_pages": None,
        "next_page": None,
        "previous_page": None,
        "next_cursor": f"cur_{end}" if end < len(found) else None,
    }
    return found[first:end], pagination
