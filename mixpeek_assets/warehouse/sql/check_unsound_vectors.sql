-- Dense vectors with a value that is not a finite number, or whose length is not `dimensions`.
SELECT feature_id || ' ' || vector_name AS example
FROM mixpeek.vectors
WHERE
    list_contains($partitions, partition_date)
    AND embedding IS NOT NULL
    AND (
        len(embedding) != dimensions
        OR len(embedding) = 0
        OR list_contains(embedding, NULL)
        OR NOT coalesce(isfinite(list_sum(embedding)), FALSE)
    );
