-- The columns that the warehouse has; identifiers differ by more than case.
SELECT
    lower(schema_name) AS schema_name,
    lower(table_name) AS table_name,
    lower(column_name) AS column_name,
    data_type,
    table_oid IN (SELECT table_oid FROM duckdb_tables() WHERE database_name = current_database()) AS is_table
FROM duckdb_columns()
WHERE
    database_name = current_database()
    AND lower(schema_name) IN ('mixpeek', 'mixpeek_internal');
