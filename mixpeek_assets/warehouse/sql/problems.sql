-- What went wrong: videos whose last task failed, was cancelled or lost, and what could not be landed. What went wrong for the
-- same reason is one row with an example; the newest first.
SELECT
    kind,
    reason,
    count(*) AS times,
    max(partition_date) AS partition_date,
    arg_max(about, loaded_at) AS about
FROM (
    SELECT
        'task ' || arg_max(task.state, task.attempt) AS kind,
        any_value(task.partition_date) AS partition_date,
        any_value(video.url) AS about,
        coalesce(
            arg_max_null(task.error ->> '$.reason', task.attempt),
            arg_max_null(task.error ->> '$.message', task.attempt),
            arg_max_null(task.error ->> '$', task.attempt),
            'no reason given'
        ) AS reason,
        max(task.loaded_at) AS loaded_at
    FROM mixpeek.tasks AS task
    INNER JOIN mixpeek.videos AS video ON task.video_id = video.video_id
    GROUP BY task.video_id
    HAVING arg_max(task.state, task.attempt) IN ('failed', 'cancelled', 'lost')

    UNION ALL

    SELECT
        'rejected' AS kind,
        partition_date,
        CASE WHEN endpoint IN ('manifest', 'landing') THEN object_id ELSE endpoint || ' ' || object_id END AS about,
        reason,
        loaded_at
    FROM mixpeek.rejects
)
GROUP BY kind, reason
ORDER BY max(loaded_at) DESC, about
LIMIT $limit;
