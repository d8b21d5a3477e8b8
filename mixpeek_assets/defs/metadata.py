"""What the UI shows of a table before it has a row."""

from typing import Any

import dagster as dg

from mixpeek_assets.warehouse.schema import SCHEMA, TABLE, TableName


def definition_metadata(table: TableName, uri: str) -> dict[str, Any]:
    """Return a table's name, file and columns.

    Args:
        table: The table.
        uri: The DuckDB file.
    """
    declared = TABLE[table]
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            column.description,
            constraints=dg.TableColumnConstraints(
                nullable=column.name not in declared.key,
                unique=declared.key == (column.name,),
                other=["key"] if column.name in declared.key else [],
            ),
        )
        for column in declared.columns
    ]
    return {
        "dagster/table_name": f"{SCHEMA}.{table}",
        "dagster/uri": uri,
        "dagster/column_schema": dg.TableSchema(
            columns=columns,
            constraints=dg.TableConstraints(other=[f"unique: {', '.join(declared.key)}"] if declared.key else []),
        ),
    }
