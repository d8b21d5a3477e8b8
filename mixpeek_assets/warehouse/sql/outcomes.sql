-- How each video of a manifest fared: its last task, what is landed, and why the rest is not.
WITH rejected AS (
    SELECT
        video_id,
        count(*) AS rejects,
        any_value(reason) AS reason
    FROM mixpeek.rejects
    WHERE video_id IS NOT NULL
    GROUP BY video_id
),

feature_counts AS (
    SELECT
        asset_id,
        count(*) AS features
    FROM mixpeek.features
    GROUP BY asset_id
),

vector_counts AS (
    SELECT
        asset_id,
        count(*) AS vectors
    FROM mixpeek.vectors
    GROUP BY asset_id
)

SELECT
    regexp_extract(manifest.url, '([^/]+)/?$', 1) AS name,
    manifest.collection,
    CASE
        WHEN task.state IS NULL THEN 'not submitted'
        WHEN task.state IN ('done', 'skipped') AND task.landed_at IS NULL THEN 'not landed'
        WHEN task.state IN ('done', 'skipped') AND asset.asset_id IS NULL THEN 'rejected'
        WHEN task.state IN ('done', 'skipped') AND rejected.rejects > 0 THEN 'in part'
        WHEN task.state IN ('done', 'skipped') THEN 'landed'
        ELSE task.state
    END AS state,
    coalesce(task.landed_at IS NOT NULL AND asset.asset_id IS NOT NULL AND rejected.rejects IS NULL, FALSE) AS whole,
    coalesce(feature_counts.features, 0) AS features,
    coalesce(vector_counts.vectors, 0) AS vectors,
    coalesce(task.reason, rejected.reason) AS reason
FROM read_parquet($manifest) AS manifest
LEFT JOIN mixpeek.latest_tasks AS task ON manifest.video_id = task.video_id
LEFT JOIN mixpeek.assets AS asset ON task.asset_id = asset.asset_id
LEFT JOIN rejected ON manifest.video_id = rejected.video_id
LEFT JOIN feature_counts ON task.asset_id = feature_counts.asset_id
LEFT JOIN vector_counts ON task.asset_id = vector_counts.asset_id
WHERE coalesce(manifest.added_at <= now(), TRUE)
ORDER BY manifest.url;
