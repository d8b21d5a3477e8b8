-- Open tasks whose status should have been read ten minutes ago.
SELECT
    task.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), task.video_id) AS video,
    task.state,
    concat(
        'due since ', strftime(task.next_poll_at AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC'), ' from ',
        coalesce(task.api, 'the API')
    ) AS reason
FROM mixpeek.tasks AS task
LEFT JOIN mixpeek.videos AS video ON task.video_id = video.video_id
WHERE
    task.state = 'open'
    AND task.next_poll_at < now() - INTERVAL 10 MINUTE;
