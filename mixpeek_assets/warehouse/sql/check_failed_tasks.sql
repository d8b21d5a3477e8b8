-- Videos whose last task failed, was cancelled or lost, and why.
SELECT
    arg_max(task.state, task.attempt) || ': ' || coalesce(left(any_value(video.url), 200), task.video_id) || ': ' || coalesce(
        arg_max_null(task.error ->> '$.reason', task.attempt),
        arg_max_null(task.error ->> '$.message', task.attempt),
        arg_max_null(task.error ->> '$', task.attempt),
        'no reason given'
    ) AS example
FROM mixpeek.tasks AS task
LEFT JOIN mixpeek.videos AS video ON task.video_id = video.video_id
WHERE list_contains($partitions, task.partition_date)
GROUP BY task.video_id
HAVING arg_max(task.state, task.attempt) IN ('failed', 'cancelled', 'lost');
