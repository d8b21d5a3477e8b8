-- What went wrong and can be retried, with the verb of the retry: failed tasks are submitted again,
-- lost ones are polled again (or, with $pay_again, submitted again), and rejected replies are
-- fetched again. Assets that list no feature are included only when asked for.
CREATE OR REPLACE TEMP TABLE retry_candidates AS
WITH found AS (
    SELECT
        state AS kind,
        CASE WHEN state = 'lost' AND NOT $pay_again THEN 'poll' ELSE 'submit' END AS verb,
        video_id AS object_id,
        NULL AS asset_id,
        video_id,
        attempt,
        coalesce(reason, 'no reason given') AS reason
    FROM mixpeek.latest_tasks
    WHERE
        state IN ('failed', 'cancelled')
        OR (state = 'lost' AND task_id IS NOT NULL)

    UNION ALL

    SELECT
        'rejected' AS kind,
        CASE reject.endpoint WHEN mixpeek_internal.asset_endpoint() THEN 'fetch asset' ELSE 'fetch vectors' END AS verb,
        reject.object_id,
        coalesce(feature.asset_id, reject.object_id) AS asset_id,
        reject.video_id,
        NULL AS attempt,
        reject.reason
    FROM mixpeek.rejects AS reject
    LEFT JOIN mixpeek.features AS feature
        ON reject.endpoint = mixpeek_internal.feature_endpoint() AND reject.object_id = feature.feature_id
    WHERE reject.endpoint IN (mixpeek_internal.asset_endpoint(), mixpeek_internal.feature_endpoint())

    UNION ALL

    SELECT
        'empty' AS kind,
        'fetch asset' AS verb,
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

SELECT * EXCLUDE (asset_id, attempt)
FROM retry_candidates
ORDER BY partition_date, url, kind, object_id;
