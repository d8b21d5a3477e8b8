-- The partitions with videos that were never submitted, whose submission was lost, or which may be tried again.
WITH history AS (
    SELECT
        video_id,
        arg_max(state, attempt) AS state,
        count(*) FILTER (WHERE state IN ('failed', 'cancelled')) AS failures
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
    OR history.state IN ('lost', 'submitting')
    OR (history.state IN ('failed', 'cancelled') AND history.failures < $max_attempts)
GROUP BY video.partition_date
ORDER BY video.partition_date;
