-- How many videos of each day have come how far.
SELECT
    video.partition_date,
    count(*) AS videos,
    count(*) FILTER (WHERE task.task_id IS NOT NULL) AS submitted,
    count(*) FILTER (WHERE task.task_id IS NOT NULL AND task.state NOT IN ('open', 'submitting')) AS settled,
    count(*) FILTER (WHERE task.state IN ('failed', 'cancelled', 'lost')) AS failed,
    count(*) FILTER (WHERE task.landed_at IS NOT NULL) AS landed
FROM mixpeek.videos AS video
LEFT JOIN mixpeek.latest_tasks AS task ON video.video_id = task.video_id
WHERE list_contains($days, video.partition_date)
GROUP BY video.partition_date;
