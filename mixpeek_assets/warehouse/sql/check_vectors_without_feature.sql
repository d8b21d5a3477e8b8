-- Vectors whose feature is not in `features`.
SELECT vector.feature_id AS example
FROM mixpeek.vectors AS vector
ANTI JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
WHERE list_contains($partitions, vector.partition_date);
