-- The columns that the warehouse has.
SELECT
    table_name,
    column_name
FROM duckdb_columns()
WHERE
    database_name = current_database()
    AND schema_name IN ('mixpeek', 'mixpeek_internal');
