-- Assets that are done and list no feature.
SELECT
    asset.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), asset.video_id) AS video,
    'empty' AS state,
    'asset ' || asset.asset_id || ' lists no feature' AS reason
FROM mixpeek.assets AS asset
ANTI JOIN mixpeek.features AS feature ON asset.asset_id = feature.asset_id
LEFT JOIN mixpeek.videos AS video ON asset.video_id = video.video_id
WHERE list_contains($partitions, asset.partition_date);
