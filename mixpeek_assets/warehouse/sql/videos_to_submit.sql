-- The videos that need a submission, each with the attempt that it would be. One whose answer was lost (no task_id) is
-- always sent again; one whose task the server accepted and then failed or lost only as often as is allowed.
WITH history AS (
    SELECT
        video_id,
        max(attempt) AS attempts,
        arg_max(state, attempt) AS state,
        arg_max_null(task_id, attempt) AS task_id,
        count(*) FILTER (WHERE state IN ('failed', 'cancelled') OR (state = 'lost' AND task_id IS NOT NULL)) AS failures,
        bool_or(state = 'lost') AS lost
    FROM mixpeek.tasks
    GROUP BY video_id
)

SELECT
    video.video_id,
    video.collection,
    video.url,
    video.metadata,
    video.partition_date,
    coalesce(history.attempts, 0) + 1 AS attempt,
    coalesce(history.lost, FALSE) AS may_repeat
FROM mixpeek.videos AS video
LEFT JOIN history ON video.video_id = history.video_id
WHERE
    list_contains($partitions, video.partition_date)
    AND (
        history.state IS NULL
        OR (history.state = 'lost' AND history.task_id IS NULL)
        OR (history.state IN ('failed', 'cancelled', 'lost') AND (history.failures < $max_attempts OR $resubmit_failed))
    )
ORDER BY video.partition_date, video.added_at, video.url;
