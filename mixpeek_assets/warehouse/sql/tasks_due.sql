-- The open tasks of this API whose status is due to be read, those that have waited longest first,
-- so that none starves. No poll is planned further ahead than some minutes: one that is was planned
-- by a clock that has been set back since.
SELECT
    task.video_id,
    task.attempt,
    task.task_id,
    task.polls,
    task.submitted_at,
    coalesce(task.give_up_at, task.submitted_at + $deadline::INTERVAL) AS give_up_at,
    task.status,
    task.partition_date,
    video.collection
FROM mixpeek.tasks AS task
INNER JOIN mixpeek.videos AS video ON task.video_id = video.video_id
WHERE
    task.state = 'open'
    AND coalesce(task.api = $api, TRUE)
    AND NOT coalesce(
        task.next_poll_at > $now::TIMESTAMPTZ AND task.next_poll_at <= $now::TIMESTAMPTZ + INTERVAL 10 MINUTE,
        FALSE
    )
ORDER BY task.next_poll_at NULLS FIRST
LIMIT $limit;
