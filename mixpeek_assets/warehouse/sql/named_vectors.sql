-- The dense named vectors, each with the dimensions that it has.
SELECT
    vector_name,
    list_sort(list(DISTINCT dimensions)) AS dimensions
FROM mixpeek.vectors
WHERE embedding IS NOT NULL
GROUP BY vector_name
ORDER BY vector_name;
