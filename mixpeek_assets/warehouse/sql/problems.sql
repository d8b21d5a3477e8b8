-- What went wrong: videos whose last task failed, was cancelled or is lost, and replies that could
-- not be landed. Problems with the same reason are one row with an example; the newest first.
SELECT
    kind,
    reason,
    count(*) AS times,
    max(partition_date) AS partition_date,
    arg_max(about, loaded_at) AS about
FROM (
    SELECT
        'task ' || task.state AS kind,
        task.partition_date,
        video.url AS about,
        coalesce(task.reason, 'no reason given') AS reason,
        task.loaded_at
    FROM mixpeek.latest_tasks AS task
    INNER JOIN mixpeek.videos AS video ON task.video_id = video.video_id
    WHERE task.state IN ('failed', 'cancelled', 'lost')

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
