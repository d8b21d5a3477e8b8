-- The open tasks of this API that are due for a poll, the longest-waiting first, so that none
-- starves; a task that videos share is due as a whole. Polls are planned at most some minutes
-- ahead: a later one comes from a clock that was set back since.
SELECT * EXCLUDE (due_at)
FROM (
    SELECT
        task.video_id,
        task.attempt,
        task.task_id,
        task.polls,
        task.submitted_at,
        coalesce(task.give_up_at, task.submitted_at + $deadline::INTERVAL) AS give_up_at,
        task.status,
        task.partition_date,
        video.collection,
        task.asset_id,
        min(coalesce(task.next_poll_at, '-infinity'::TIMESTAMPTZ)) OVER (PARTITION BY task.task_id) AS due_at
    FROM mixpeek.tasks AS task
    INNER JOIN mixpeek.videos AS video ON task.video_id = video.video_id
    WHERE task.state = 'open' AND coalesce(task.api = $api, TRUE)
)
WHERE NOT (due_at > $now::TIMESTAMPTZ AND due_at <= $now::TIMESTAMPTZ + INTERVAL 10 MINUTE)
QUALIFY dense_rank() OVER (ORDER BY due_at, task_id) <= $limit
ORDER BY due_at, task_id;
