-- Vectors whose feature is not in `features`.
SELECT
    vector.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), vector.video_id) AS video,
    'orphan' AS state,
    concat('vector ', vector.vector_name, ': its feature ', vector.feature_id, ' is not landed') AS reason
FROM mixpeek.vectors AS vector
ANTI JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE
    ($partitions IS NULL OR list_contains($partitions, vector.partition_date))
    -- Documents come before their asset is whole.
    AND vector.asset_id NOT IN (SELECT asset_id FROM mixpeek.tasks WHERE landed_at IS NULL AND asset_id IS NOT NULL);
