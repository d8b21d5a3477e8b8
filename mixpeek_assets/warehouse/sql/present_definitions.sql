-- The views and macros that the warehouse has.
SELECT lower(schema_name || '.' || view_name)
FROM duckdb_views()
WHERE database_name = current_database()
UNION
SELECT lower(schema_name || '.' || function_name)
FROM duckdb_functions()
WHERE
    database_name = current_database()
    AND function_type IN ('macro', 'table_macro');
