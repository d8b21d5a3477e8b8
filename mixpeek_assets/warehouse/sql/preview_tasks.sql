-- A few videos of each day with their last task: those that failed before the others, then the newest.
WITH chosen AS (
    SELECT
        unnest(
            max_by(video_id, (state IN ('failed', 'cancelled', 'lost'), loaded_at, hash(video_id)), $rows)
        ) AS video_id
    FROM mixpeek.latest_tasks
    WHERE list_contains($days, partition_date)
    GROUP BY partition_date
)

SELECT
    task.partition_date,
    video.url AS video,
    task.state,
    left(task.reason, 1000) AS reason,
    task.attempt,
    epoch(task.settled_at - task.submitted_at) AS took,
    task.task_id
FROM mixpeek.latest_tasks AS task
SEMI JOIN chosen ON task.video_id = chosen.video_id
LEFT JOIN mixpeek.videos AS video ON task.video_id = video.video_id
ORDER BY task.partition_date, task.state IN ('failed', 'cancelled', 'lost') DESC, video.url;
