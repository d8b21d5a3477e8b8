"""`docs/tables.md`, made of the schema: `python -m tests.tables_page` writes it."""

from pathlib import Path

from mixpeek_assets.warehouse.schema import TABLES, Table

PAGE = Path(__file__).parents[1] / "docs" / "tables.md"
_COMMON = {"partition_date", "run_id", "loaded_at"}
_HEAD = """\
<!-- Made by `python -m tests.tables_page` from mixpeek_assets/warehouse/schema.py. -->
# The tables

Schema `mixpeek`. Each table also has `partition_date DATE`, `run_id VARCHAR` (the Dagster run that wrote the row) and
`loaded_at TIMESTAMPTZ`. The same words are in DuckDB's catalog (`duckdb_columns()`) and in Dagster's UI.
"""
_VIEWS = """\
## Views and macros

| name | what it gives |
|---|---|
| `latest_tasks` | the last submission of each video; `reason` says why it failed or was lost |
| `vectors_<name>` | a named vector, as long as all its rows have one dimension, with `embedding FLOAT[d]` |
| `nearest(vector_name, embedding, k := 10, …)` | the features whose named vector is nearest to `embedding`, by cosine similarity |
| `similar(feature_id, vector_name, k := 10, …)` | the features nearest to a feature |
| `nearest_each(vector_name, embeddings, k := 10)` | `nearest` for a list of embeddings; `query` numbers them from 1 |

The file is not called `mixpeek.duckdb` for a reason: DuckDB names a catalog after its file, and `mixpeek.videos` is
ambiguous when the catalog and the schema have the same name. In such a file, begin with `USE mixpeek.mixpeek`.
"""


def page() -> str:
    """Return the page's text."""
    return "\n".join([_HEAD, *map(_section, TABLES), _VIEWS])


def _section(table: Table) -> str:
    key = f" Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    rows = [f"| `{c.name}` | {c.type} | {c.description} |" for c in table.columns if c.name not in _COMMON]
    head = f"## {table.name}\n\nA row is {table.row}.{key}\n\n| column | type | |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
