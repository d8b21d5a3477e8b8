"""Whether a database can be our sink: pgvector, and tables that are ours and nobody else's."""

# pyright: reportMissingImports=false

import re
from typing import TYPE_CHECKING, Any

import psycopg

from mixpeek_assets.postgres import Postgres
from mixpeek_assets.sinks.errors import SinkError
from mixpeek_assets.sinks.pgvector.statements import fetch, run

if TYPE_CHECKING:
    from psycopg import Connection

OLDEST = (0, 7)
"""The first pgvector with halfvec."""

TABLES = ("vectors", "features", "videos", "moments")
MARK = "mixpeek_assets, layout 1: "
"""How the comments of our tables begin. What has none is somebody else's."""


def prepare(connection: "Connection[Any]", postgres: Postgres) -> None:
    """Make what is missing, with no more rights than that takes; one at a time.

    Raises:
        SinkError: there is no pgvector, or an old one, or a table of somebody else's is in the way.
    """
    run(connection, "lock")
    _prepare_extension(connection, postgres)
    run(connection, "find_types")
    found = dict(fetch(connection, "found", tables=list(TABLES)))
    foreign = [f"mixpeek.{name}" for name, comment in found.items() if not (comment or "").startswith(MARK)]
    if foreign:
        raise SinkError(
            f"PostgreSQL at {postgres.place} has {' and '.join(foreign)} already, which this project has not made (its"
            f" comment does not begin with '{MARK.strip()}'): rename or move it, or choose another database"
        )
    if len(found) < len(TABLES):
        run(connection, "make")


def _prepare_extension(connection: "Connection[Any]", postgres: Postgres) -> None:
    ((installed, available),) = fetch(connection, "extension")
    if installed is None and available is None:
        raise SinkError(
            f"PostgreSQL at {postgres.place} has no pgvector: install it on the server (Debian's package"
            " postgresql-<version>-pgvector, or the image pgvector/pgvector)"
        )
    if installed is None:
        try:
            run(connection, "make_extension")
        except psycopg.errors.InsufficientPrivilege:
            raise SinkError(
                f"PostgreSQL at {postgres.place} does not let user {postgres.parts.get('user', '')} turn on pgvector:"
                " let the owner of the database run CREATE EXTENSION vector in it"
            ) from None
    version = installed or available
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise SinkError(
            f"PostgreSQL at {postgres.place} has pgvector {version}, and {needed} is needed: install a newer one on the"
            " server, and run ALTER EXTENSION vector UPDATE in the database"
        )
