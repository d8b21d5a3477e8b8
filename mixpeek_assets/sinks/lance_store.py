"""The tables of ours in a LanceDB, which is a folder or a bucket."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import lancedb

from mixpeek_assets.sinks.lance_tables import check, is_ours, may_be_ours, schema_of, table_of
from mixpeek_assets.sinks.places import Place, endpoint, region

_PATIENCE = {"client_max_retries": "3", "client_retry_timeout": "60", "connect_timeout": "10s", "timeout": "120s"}


class LanceStore:
    """A LanceDB, of which other tables are left alone.

    Args:
        place: The folder, or the bucket.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def tables(self) -> list[Any]:
        """Return the tables of ours, as they are now."""
        called = [self._open(name) for name in self._names() if may_be_ours(name)]
        return [table for table in called if table is not None and is_ours(table.schema)]

    def table(self, vector_name: str, width: int | None) -> Any:
        """Return the table of a named vector; it is made if it is missing.

        Raises:
            SinkError: a table of somebody else, or of another version, is in its place.
        """
        name = table_of(vector_name, width)
        if (found := self._open(name)) is None:
            # Another code location may make it just now.
            found = self._connection.create_table(name, schema=schema_of(vector_name, width), exist_ok=True)
        check(self._place.name, name, found.schema, vector_name)
        return found

    @cached_property
    def _connection(self) -> Any:
        return lancedb.connect(self._place.name, storage_options=_bucket() if self._place.is_bucket else None)

    def _names(self) -> Iterator[str]:
        token = None
        while True:
            page = self._connection.list_tables(page_token=token)
            yield from page.tables
            token = page.page_token
            if not token:
                return

    def _open(self, table: str) -> Any | None:
        """Return a table; None: it is not there, or its making was interrupted."""
        try:
            return self._connection.open_table(table)
        except ValueError as error:
            if "was not found" in str(error):
                return None
            raise


def _bucket() -> dict[str, str]:
    """Return how a bucket is reached; keys are found by the AWS_* variables, a profile or the machine's role."""
    found = dict(_PATIENCE)
    if (name := region()) is not None:
        found["aws_region"] = name
    if (url := endpoint()) is not None:
        found |= {"aws_endpoint": url, "allow_http": "true"}
    return found
