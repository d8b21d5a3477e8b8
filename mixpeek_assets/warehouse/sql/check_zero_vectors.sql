-- Dense vectors that are all zero: no search finds them.
SELECT feature_id || ' ' || vector_name AS example
FROM mixpeek.vectors
WHERE
    list_contains($partitions, partition_date)
    AND embedding IS NOT NULL
    AND list_max(embedding) = 0
    AND list_min(embedding) = 0;
