-- What somebody else has made: tables and views, and columns of our tables ($tables and $columns, with their schemas).
SELECT schema_name || '.' || table_name AS name
FROM duckdb_tables()
WHERE
    database_name = current_database()
    AND schema_name != 'mixpeek_internal'
    AND NOT list_contains($tables, lower(schema_name || '.' || table_name))
UNION
SELECT schema_name || '.' || table_name || '.' || column_name AS name
FROM duckdb_columns()
WHERE
    database_name = current_database()
    AND list_contains($tables, lower(schema_name || '.' || table_name))
    AND NOT list_contains($columns, lower(schema_name || '.' || table_name || '.' || column_name))
UNION
SELECT schema_name || '.' || view_name AS name
FROM duckdb_views()
WHERE
    database_name = current_database()
    AND NOT internal
    AND schema_name NOT IN ('mixpeek', 'mixpeek_internal')
ORDER BY name;
