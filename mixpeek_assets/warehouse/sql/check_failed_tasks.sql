-- Videos whose last task failed, was cancelled or is lost, and why.
SELECT
    concat_ws(
        ': ', task.state, coalesce(left(video.url, 200), task.video_id), coalesce(task.reason, 'no reason given')
    ) AS example
FROM mixpeek.latest_tasks AS task
LEFT JOIN mixpeek.videos AS video ON task.video_id = video.video_id
WHERE
    list_contains($partitions, task.partition_date)
    AND task.state IN ('failed', 'cancelled', 'lost');
