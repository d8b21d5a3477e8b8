-- Assets whose number of listed features differs from those landed or rejected.
SELECT
    asset.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), asset.video_id) AS video,
    'incomplete' AS state,
    concat(
        'asset ', asset.asset_id, ' lists ', asset.feature_count, ' features; ', coalesce(landed.features, 0),
        ' are landed and ', coalesce(rejected.rejects, 0), ' rejected'
    ) AS reason
FROM mixpeek.assets AS asset
LEFT JOIN (
    SELECT
        asset_id,
        count(*) AS features
    FROM mixpeek.features
    GROUP BY asset_id
) AS landed ON asset.asset_id = landed.asset_id
LEFT JOIN (
    SELECT
        asset_id,
        count(*) AS rejects
    FROM mixpeek_internal.rejected_assets
    GROUP BY asset_id
) AS rejected ON asset.asset_id = rejected.asset_id
LEFT JOIN mixpeek.videos AS video ON asset.video_id = video.video_id
WHERE
    list_contains($partitions, asset.partition_date)
    AND asset.feature_count != coalesce(landed.features, 0) + coalesce(rejected.rejects, 0);
