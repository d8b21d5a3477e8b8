-- The views of named vectors that exist, each with its comment.
SELECT
    view_name,
    comment
FROM duckdb_views()
WHERE
    database_name = current_database()
    AND schema_name = 'mixpeek'
    AND starts_with(view_name, 'vectors_');
