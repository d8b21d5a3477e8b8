-- The views of named vectors that exist, each with its comment. A user's own view may be named
-- vectors_… too.
SELECT
    view_name,
    comment
FROM duckdb_views()
WHERE
    database_name = current_database()
    AND schema_name = 'mixpeek'
    AND starts_with(view_name, 'vectors_')
    AND starts_with(comment, 'The named vector ');
