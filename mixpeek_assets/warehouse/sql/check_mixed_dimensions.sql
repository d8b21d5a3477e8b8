-- Named vectors of these partitions which, in one modality, have several dimensions (in the whole
-- table).
SELECT
    unnest(list_filter(list(DISTINCT partition_date), lambda day: list_contains($partitions, day))) AS partition_date,
    vector_name AS video,
    'mixed' AS state,
    concat(
        vector_name, ' of ', coalesce(modality, 'no modality'), ' has ', string_agg(DISTINCT dimensions, ' and '),
        ' dimensions'
    ) AS reason
FROM mixpeek.vectors
WHERE embedding IS NOT NULL
GROUP BY vector_name, modality
HAVING
    count(DISTINCT dimensions) > 1
    AND bool_or(list_contains($partitions, partition_date));
