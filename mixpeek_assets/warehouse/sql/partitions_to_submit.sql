-- The partitions with videos that were never submitted, whose submission was lost, or which may be tried again.
WITH history AS (
    SELECT
        video_id,
        arg_max(state, attempt) AS state,
        arg_max_null(task_id, attempt) AS task_id,
        count(*) FILTER (WHERE state IN ('failed', 'cancelled') OR (state = 'lost' AND task_id IS NOT NULL)) AS failures
    FROM mixpeek.tasks
    GROUP BY video_id
)

SELECT
    video.partition_date,
    count(*) AS videos
FROM mixpeek.videos AS video
LEFT JOIN history ON video.video_id = history.video_id
WHERE
    history.state IS NULL
    OR history.state = 'submitting'
    OR (history.state = 'lost' AND history.task_id IS NULL)
    OR (history.state IN ('failed', 'cancelled', 'lost') AND history.failures < $max_attempts)
GROUP BY video.partition_date
ORDER BY video.partition_date;
