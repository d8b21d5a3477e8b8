-- Features with neither vectors nor a row in `rejects` that says why.
SELECT feature.feature_id AS example
FROM mixpeek.features AS feature
ANTI JOIN mixpeek.vectors AS vector ON feature.feature_id = vector.feature_id
ANTI JOIN mixpeek.rejects AS reject
    ON reject.endpoint = 'GET /features/{id}' AND feature.feature_id = reject.object_id
WHERE list_contains($partitions, feature.partition_date);
