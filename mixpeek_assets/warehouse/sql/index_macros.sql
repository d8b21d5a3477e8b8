-- The macros of searches by an index.
SELECT function_name
FROM duckdb_functions()
WHERE
    database_name = current_database()
    AND schema_name = 'mixpeek_internal'
    AND regexp_matches(function_name, '^nearest(_each)?_by_codes_')
ORDER BY function_name;
