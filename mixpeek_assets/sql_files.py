"""SQL files, run by name with bound values."""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import duckdb

Record = TypeVar("Record")


def quote(identifier: str) -> str:
    """Quote an identifier that comes from data."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a string where DuckDB takes no parameter (COMMENT, ATTACH, a view's text)."""
    return "'" + text.replace("'", "''") + "'"


def identifier_part(vector_name: str) -> str:
    """Return what of the identifiers of a named vector is its own; no two names share it."""
    if re.fullmatch(r"[a-z0-9_]{1,50}", vector_name):
        return vector_name
    readable = re.sub(r"[^a-z0-9]+", "_", vector_name.lower()).strip("_")[:40]
    return f"{readable}_{hashlib.sha256(vector_name.encode()).hexdigest()[:8]}"


class SqlFiles:
    """The `sql/` folder of a package.

    Args:
        package: The package's name.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._texts: dict[str, str] = {}

    def text(self, name: str) -> str:
        """Return the text of `sql/<name>.sql`."""
        if name not in self._texts:
            self._texts[name] = (self._folder / f"{name}.sql").read_text(encoding="utf-8")
        return self._texts[name]

    def run(self, connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> duckdb.DuckDBPyConnection:
        """Run every statement of `sql/<name>.sql`, each with the parameters that it names."""
        return _run(connection, self.text(name), parameters)

    def run_text(
        self, connection: duckdb.DuckDBPyConnection, text: str, **parameters: Any
    ) -> duckdb.DuckDBPyConnection:
        """Run every statement of a text, as `run` does."""
        return _run(connection, text, parameters)

    def fetch(
        self, connection: duckdb.DuckDBPyConnection, record: Callable[..., Record], name: str, **parameters: Any
    ) -> list[Record]:
        """Run `sql/<name>.sql` and return the rows of its last statement as records, built from the columns by name."""
        self.run(connection, name, **parameters)
        columns = [column[0] for column in connection.description or []]
        return [record(**dict(zip(columns, row, strict=True))) for row in connection.fetchall()]

    def values(self, connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[Any]:
        """Run `sql/<name>.sql` and return the one column of its last statement."""
        return [value for (value,) in self.run(connection, name, **parameters).fetchall()]

    def write_parquet(self, connection: duckdb.DuckDBPyConnection, name: str, file: Path, **parameters: Any) -> int:
        """Write the rows of `sql/<name>.sql`, a single query, to a Parquet file; return their number."""
        query = self.text(name).strip().removesuffix(";")
        copied = _run(connection, f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet)", parameters)
        return copied.fetchall()[0][0]

    @cached_property
    def _folder(self) -> Traversable:
        return resources.files(self._package) / "sql"


def _run(connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    for statement in connection.extract_statements(text):
        named = {key: value for key, value in parameters.items() if key in statement.named_parameters}
        connection.execute(statement, named)
    return connection
