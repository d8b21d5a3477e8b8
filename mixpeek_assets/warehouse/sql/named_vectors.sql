-- The dense named vectors, and whether each has one dimension.
SELECT
    vector_name,
    min(dimensions) AS least,
    max(dimensions) AS most
FROM mixpeek.vectors
WHERE embedding IS NOT NULL
GROUP BY vector_name;
