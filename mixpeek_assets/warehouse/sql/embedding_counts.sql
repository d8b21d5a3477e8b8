-- The named vectors of each day, the most frequent ones.
SELECT
    partition_date,
    vector_name AS vector,
    modality,
    frequency AS vectors,
    dimensions
FROM (
    SELECT
        partition_date,
        vector_name,
        modality,
        dimensions,
        count(*) AS frequency
    FROM mixpeek.vectors
    WHERE list_contains($days, partition_date)
    GROUP BY ALL
)
QUALIFY
    row_number() OVER (PARTITION BY partition_date ORDER BY frequency DESC, vector_name, modality, dimensions) <= $rows
ORDER BY partition_date, frequency DESC, vector_name, modality, dimensions;
