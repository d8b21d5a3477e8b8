"""What the tables say after a step, in the words of these tests."""

from typing import Any

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes import pipeline
from tests.fakes.pipeline import land, make_due, submit


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, with the replies loaded that wait."""
    warehouse.load_pending()
    with warehouse.database.connection(read_only=True) as connection:
        return connection.execute(query).fetchall()


def states(warehouse: Warehouse) -> list[str]:
    """Return the state of every submission, in the order of the videos' addresses."""
    query = "SELECT state FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) ORDER BY url, attempt"
    return [state for (state,) in rows(warehouse, query)]


def attempts(warehouse: Warehouse) -> set[int]:
    """Return which submissions there are: 1 is the first of a video."""
    return {attempt for (attempt,) in rows(warehouse, "SELECT attempt FROM mixpeek.tasks")}


def errors(warehouse: Warehouse) -> list[str]:
    """Return why submissions failed, in the order of the videos' addresses."""
    query = "SELECT error FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) WHERE error IS NOT NULL ORDER BY url"
    return [str(error) for (error,) in rows(warehouse, query)]


def counts(warehouse: Warehouse) -> dict[str, int]:
    """Return how many rows the tables of results have."""
    tables = ("assets", "features", "vectors", "rejects")
    return {table: rows(warehouse, f"SELECT count(*) FROM mixpeek.{table}")[0][0] for table in tables}


def settle(warehouse: Warehouse) -> None:
    """Read every open task once."""
    make_due(warehouse)
    pipeline.poll()


def ingest(warehouse: Warehouse) -> None:
    """Submit, poll once, and land."""
    submit()
    settle(warehouse)
    land()
