"""Ids that say what they are of, and names that are taken."""

import secrets
from typing import Literal

Prefix = Literal["ns", "bkt", "obj", "blob", "col", "btch", "task"]


class NameTakenError(Exception):
    """Something of this kind has the name already.

    Args:
        kind: What it is.
        name: The name.
        known_id: The id of what has it.
    """

    def __init__(self, kind: str, name: str, known_id: str) -> None:
        super().__init__(f"there is a {kind} with the name {name!r} already")
        self.kind = kind
        self.known_id = known_id


def new_id(prefix: Prefix) -> str:
    """A new id, such as `obj_5f0c…`."""
    return f"{prefix}_{secrets.token_hex(12)}"
