-- The open tasks whose status is due to be read, those that have waited longest first, so that none starves.
SELECT
    task.video_id,
    task.attempt,
    task.task_id,
    task.polls,
    task.submitted_at,
    task.status,
    task.partition_date,
    video.collection
FROM mixpeek.tasks AS task
INNER JOIN mixpeek.videos AS video ON task.video_id = video.video_id
WHERE
    task.state = 'open'
    AND coalesce(task.next_poll_at <= $now, TRUE)
ORDER BY task.next_poll_at NULLS FIRST
LIMIT $limit;
