-- Videos whose last task failed, was cancelled or is lost, and why.
SELECT
    task.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), task.video_id) AS video,
    task.state,
    coalesce(task.reason, 'no reason given') AS reason
FROM mixpeek.latest_tasks AS task
LEFT JOIN mixpeek.videos AS video ON task.video_id = video.video_id
WHERE
    ($partitions IS NULL OR list_contains($partitions, task.partition_date))
    AND task.state IN ('failed', 'cancelled', 'lost');
