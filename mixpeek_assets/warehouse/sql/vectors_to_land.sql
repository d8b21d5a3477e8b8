-- The features with neither vectors nor a reject; with $refresh, all of them.
SELECT
    feature.feature_id,
    feature.asset_id,
    feature.video_id,
    feature.modality,
    feature.partition_date
FROM mixpeek.features AS feature
WHERE
    list_contains($partitions, feature.partition_date)
    AND (
        $refresh
        OR (
            NOT EXISTS (SELECT 1 FROM mixpeek.vectors AS vector WHERE vector.feature_id = feature.feature_id)
            AND NOT EXISTS (
                SELECT 1
                FROM mixpeek.rejects AS reject
                WHERE reject.endpoint = 'GET /features/{id}' AND reject.object_id = feature.feature_id
            )
        )
    )
ORDER BY feature.asset_id, feature.start_time;
