"""The README's tables, made of the schema: `python -m tests.tables_page` writes them."""

from pathlib import Path

from mixpeek_assets.warehouse.schema import TABLES, Table

README = Path(__file__).parents[1] / "README.md"
_BEGIN = "<!-- tables: made by `python -m tests.tables_page` -->\n"
_END = "<!-- end of tables -->"
_COMMON = {"partition_date", "run_id", "loaded_at"}


def tables() -> str:
    """Return the tables' section."""
    return "\n".join(map(_section, TABLES))


def with_tables(text: str) -> str:
    """Return the README with its tables' section made anew."""
    before, rest = text.split(_BEGIN)
    return f"{before}{_BEGIN}\n{tables()}\n{_END}{rest.split(_END)[1]}"


def _section(table: Table) -> str:
    key = f" Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    rows = [f"| `{c.name}` | {c.type} | {c.description} |" for c in table.columns if c.name not in _COMMON]
    head = f"**{table.name}**: a row is {table.row}.{key}\n\n| column | type | |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
