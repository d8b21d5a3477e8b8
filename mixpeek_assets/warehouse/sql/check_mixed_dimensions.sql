-- Named vectors of these partitions which, in one modality, have several dimensions (in the whole
-- table).
SELECT
    concat(
        vector_name, ' of ', coalesce(modality, 'no modality'), ': ', string_agg(DISTINCT dimensions, ', ')
    ) AS example
FROM mixpeek.vectors
WHERE embedding IS NOT NULL
GROUP BY vector_name, modality
HAVING
    count(DISTINCT dimensions) > 1
    AND bool_or(list_contains($partitions, partition_date));
