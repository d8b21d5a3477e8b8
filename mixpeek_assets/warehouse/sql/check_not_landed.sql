-- Videos that are not landed, and what they wait for.
SELECT
    video.partition_date,
    mixpeek_internal.file_name(video.url) AS video,
    CASE
        WHEN task.state IS NULL THEN 'not submitted'
        WHEN task.state IN ('done', 'skipped') THEN 'to land'
        ELSE task.state
    END AS state,
    CASE
        WHEN task.state IN ('open', 'submitting')
            THEN coalesce('submitted at ' || strftime(task.submitted_at AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC'), '')
        ELSE coalesce(task.reason, '')
    END AS reason
FROM mixpeek.videos AS video
LEFT JOIN mixpeek.latest_tasks AS task ON video.video_id = task.video_id
WHERE
    ($partitions IS NULL OR list_contains($partitions, video.partition_date))
    AND task.landed_at IS NULL;
