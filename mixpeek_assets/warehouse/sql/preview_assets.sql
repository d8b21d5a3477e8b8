-- A few assets of each day, of those that landed last.
WITH chosen AS (
    SELECT unnest(max_by(asset_id, (loaded_at, hash(asset_id)), $rows)) AS asset_id
    FROM mixpeek.assets
    WHERE list_contains($days, partition_date)
    GROUP BY partition_date
)

SELECT
    asset.partition_date,
    video.url AS video,
    asset.modality,
    asset.feature_count AS features,
    asset.status AS state,
    left(coalesce(asset.error ->> '$.reason', asset.error ->> '$.message', asset.error ->> '$'), 1000) AS reason,
    asset.asset_id
FROM mixpeek.assets AS asset
SEMI JOIN chosen ON asset.asset_id = chosen.asset_id
LEFT JOIN mixpeek.videos AS video ON asset.video_id = video.video_id
ORDER BY asset.partition_date, video.url, asset.asset_id;
