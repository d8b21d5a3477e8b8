-- The named vectors with their dimensions (NULL: sparse), and how many vectors there are of each.
SELECT
    vector_name,
    dimensions,
    count(*) AS vectors
FROM mixpeek.vectors
GROUP BY vector_name, dimensions
ORDER BY vector_name, dimensions;
