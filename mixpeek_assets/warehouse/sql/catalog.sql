-- What our schemas have, each with what COMMENT ON calls it.
SELECT
    schema_name,
    table_name AS name,
    'TABLE' AS kind
FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name IN ('mixpeek', 'mixpeek_internal')

UNION ALL

SELECT
    schema_name,
    view_name AS name,
    'VIEW' AS kind
FROM duckdb_views()
WHERE database_name = current_database() AND schema_name IN ('mixpeek', 'mixpeek_internal')

UNION

SELECT
    schema_name,
    function_name AS name,
    CASE function_type WHEN 'table_macro' THEN 'MACRO TABLE' ELSE 'MACRO' END AS kind
FROM duckdb_functions()
WHERE
    database_name = current_database()
    AND schema_name IN ('mixpeek', 'mixpeek_internal')
    AND function_type IN ('macro', 'table_macro');
