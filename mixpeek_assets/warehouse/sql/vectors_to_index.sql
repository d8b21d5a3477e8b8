-- The dense named vectors, and those of which only an index is left. Dimensions are NULL if they differ.
SELECT
    coalesce(present.vector_name, about.vector_name) AS vector_name,
    present.dimensions,
    coalesce(present.vectors, 0) AS vectors
FROM (
    SELECT
        vector_name,
        CASE WHEN min(dimensions) = max(dimensions) THEN min(dimensions) END AS dimensions,
        count(*) AS vectors
    FROM mixpeek.vectors
    WHERE embedding IS NOT NULL
    GROUP BY vector_name
) AS present
FULL JOIN mixpeek_internal.vector_indexes AS about ON present.vector_name = about.vector_name
ORDER BY ALL;
