-- Views with our names that somebody else has made: ours say what a row is.
SELECT view_name
FROM duckdb_views()
WHERE
    database_name = current_database()
    AND lower(schema_name) = 'mixpeek'
    AND list_contains($names, lower(view_name))
    AND NOT starts_with(coalesce(comment, ''), 'A row is ');
