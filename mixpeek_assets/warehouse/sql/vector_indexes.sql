-- The named vectors that have codes, each with the key of its table.
SELECT
    vector_name,
    key
FROM mixpeek_internal.vector_indexes
WHERE method != 'exact'
ORDER BY vector_name;
