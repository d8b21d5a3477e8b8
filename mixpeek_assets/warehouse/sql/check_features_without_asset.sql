-- Features whose asset is not in `assets`.
SELECT
    feature.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), feature.video_id) AS video,
    'orphan' AS state,
    concat('feature ', feature.feature_id, ': its asset ', feature.asset_id, ' is not landed') AS reason
FROM mixpeek.features AS feature
ANTI JOIN mixpeek.assets AS asset ON feature.asset_id = asset.asset_id
LEFT JOIN mixpeek.videos AS video ON feature.video_id = video.video_id
WHERE
    ($partitions IS NULL OR list_contains($partitions, feature.partition_date))
    -- Documents come before their asset is whole.
    AND feature.asset_id NOT IN (SELECT asset_id FROM mixpeek.tasks WHERE landed_at IS NULL AND asset_id IS NOT NULL);
