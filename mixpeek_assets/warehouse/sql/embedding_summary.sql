-- The named vectors of some partitions in a line.
SELECT coalesce(string_agg(line, ', ' ORDER BY line), 'none') AS summary
FROM (
    SELECT
        concat_ws(
            ' ',
            vector_name,
            coalesce(left(modality, 100), '?'),
            count(*),
            'x',
            coalesce(any_value(dimensions)::VARCHAR, 'sparse')
        ) AS line
    FROM mixpeek.vectors
    WHERE list_contains($partitions, partition_date)
    GROUP BY vector_name, modality
);
