-- What went wrong, why, and what to do about it. The tables are not qualified: see
-- define_latest_tasks.sql.
CREATE OR REPLACE VIEW mixpeek.failures AS
SELECT
    task.state AS kind,
    coalesce(mixpeek_internal.file_name(video.url), task.video_id) AS what,
    coalesce(task.reason, 'no reason given') AS reason,
    CASE
        WHEN task.state = 'lost' AND task.task_id IS NULL THEN 'Nothing: the next run submits it again.'
        WHEN task.state = 'lost'
            THEN 'Ask for the task again (free): mixpeek-assets retry --reason lost --video ' || task.video_id
        ELSE
            'Mend the reason, then submit it again (the API may bill it): mixpeek-assets retry --reason '
            || task.state || ' --video ' || task.video_id
    END AS what_to_do,
    video.collection,
    video.url,
    coalesce(task.settled_at, task.loaded_at) AS happened_at,
    task.task_id,
    task.asset_id AS object_id,
    task.video_id,
    task.partition_date
FROM latest_tasks AS task
LEFT JOIN videos AS video ON task.video_id = video.video_id
WHERE task.state IN ('failed', 'cancelled', 'lost')

UNION ALL

SELECT
    CASE WHEN reject.endpoint IN ('manifest', 'landing') THEN reject.endpoint ELSE 'rejected' END AS kind,
    CASE
        WHEN reject.endpoint = mixpeek_internal.asset_endpoint() THEN 'asset '
        WHEN reject.endpoint = mixpeek_internal.feature_endpoint() THEN 'feature '
        ELSE ''
    END || reject.object_id || coalesce(' of ' || mixpeek_internal.file_name(video.url), '') AS what,
    reject.reason,
    CASE reject.endpoint
        WHEN 'manifest' THEN 'Mend this row of the manifest.'
        WHEN 'landing'
            THEN 'Keep the file. After an upgrade rename it to end with .ndjson, and the next run loads it.'
        ELSE 'Fetch it again (free): mixpeek-assets retry --reason rejected'
            || coalesce(' --video ' || reject.video_id, '')
    END AS what_to_do,
    video.collection,
    video.url,
    reject.loaded_at AS happened_at,
    NULL AS task_id,
    reject.object_id,
    reject.video_id,
    reject.partition_date
FROM rejects AS reject
LEFT JOIN videos AS video ON reject.video_id = video.video_id;
