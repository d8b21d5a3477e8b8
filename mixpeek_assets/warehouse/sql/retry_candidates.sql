-- What went wrong and can be tried again, with the call that tries it: what failed is submitted again, and what was lost is
-- asked for again (or, with $pay_again, submitted again); what was rejected is fetched again. Assets that list nothing are
-- only meant when they are asked for.
CREATE OR REPLACE TEMP TABLE retry_candidates AS
WITH last_task AS (
    SELECT
        video_id,
        max(attempt) AS attempt,
        arg_max(state, attempt) AS state,
        arg_max_null(task_id, attempt) AS task_id,
        arg_max_null(error, attempt) AS error
    FROM mixpeek.tasks
    GROUP BY video_id
),

found AS (
    SELECT
        state AS kind,
        CASE WHEN state = 'lost' AND NOT $pay_again THEN 'GET /tasks/{id}' ELSE 'POST /ingest/videos/url' END AS endpoint,
        video_id AS object_id,
        NULL AS asset_id,
        video_id,
        attempt,
        coalesce(error ->> '$.reason', error ->> '$.message', error ->> '$', 'no reason given') AS reason
    FROM last_task
    WHERE
        state IN ('failed', 'cancelled')
        OR (state = 'lost' AND task_id IS NOT NULL)

    UNION ALL

    SELECT
        'rejected' AS kind,
        reject.endpoint,
        reject.object_id,
        coalesce(feature.asset_id, reject.object_id) AS asset_id,
        reject.video_id,
        NULL AS attempt,
        reject.reason
    FROM mixpeek.rejects AS reject
    LEFT JOIN mixpeek.features AS feature
        ON reject.endpoint = 'GET /features/{id}' AND reject.object_id = feature.feature_id
    WHERE reject.endpoint IN ('GET /assets/{id}/features', 'GET /features/{id}')

    UNION ALL

    SELECT
        'empty' AS kind,
        'GET /assets/{id}/features' AS endpoint,
        asset_id AS object_id,
        asset_id,
        video_id,
        NULL AS attempt,
        'the asset lists no feature' AS reason
    FROM mixpeek.assets
    WHERE
        feature_count = 0
        AND $reason = 'empty'
)

SELECT
    found.*,
    video.partition_date,
    video.collection,
    video.url
FROM found
INNER JOIN mixpeek.videos AS video ON found.video_id = video.video_id
WHERE
    ($partitions IS NULL OR list_contains($partitions, video.partition_date))
    AND ($collections IS NULL OR list_contains($collections, video.collection))
    AND ($video IS NULL OR contains(lower(video.url), lower($video)) OR video.video_id = $video)
    AND ($reason IS NULL OR found.kind = $reason OR contains(lower(found.reason), lower($reason)));

SELECT *
FROM retry_candidates
ORDER BY partition_date, url, kind, object_id;
