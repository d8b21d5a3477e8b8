"""Assets whose pictures and words are in another space than this server's: the end of their version tells it."""

import sqlite3

from mixpeek_local.extract.offered import OWN_SPACE, own_space

VECTORS = ("multimodal", "image")
"""The named vectors that are in that space."""

IS_ELSEWHERE = f"""
    version IS NOT NULL AND (
        coalesce(substr(version, nullif(instr(version, '{OWN_SPACE}'), 0)), '') <> :space
        OR version GLOB '[12]; *' -- a picture was the sum of its classes
    )
"""
"""Of a row of `assets`; `:space` is `own_space()`."""


def elsewhere(connection: sqlite3.Connection) -> str | None:
    """One sentence about assets that searches leave out; None if there are none."""
    query = f"SELECT count(*) FROM assets WHERE {IS_ELSEWHERE}"  # noqa: S608 - of a constant
    (count,) = connection.execute(query, {"space": own_space()}).fetchone()
    if not count:
        return None
    return (
        "Searches by words and pictures leave out assets whose pictures another model saw than this server has"
        f" ({count:,}): ingest their videos again (docs/own-clip.md)."
    )
