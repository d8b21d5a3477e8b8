-- How far the videos of each day are.
CREATE OR REPLACE VIEW mixpeek_internal.day_progress AS
SELECT
    video.partition_date,
    count(*) AS videos,
    count(*) FILTER (WHERE task.task_id IS NOT NULL) AS submitted,
    count(*) FILTER (WHERE task.task_id IS NOT NULL AND task.state NOT IN ('open', 'submitting')) AS settled,
    count(*) FILTER (WHERE task.landed_at IS NOT NULL) AS landed,
    count(*) FILTER (WHERE task.state IN ('open', 'submitting')) AS open,
    count(*) FILTER (WHERE task.state IN ('done', 'skipped') AND task.landed_at IS NULL) AS to_land,
    count(*) FILTER (WHERE task.state IN ('failed', 'cancelled', 'lost')) AS failed,
    min(task.submitted_at) FILTER (WHERE task.state IN ('open', 'submitting')) AS open_since
FROM mixpeek.videos AS video
LEFT JOIN mixpeek.latest_tasks AS task ON video.video_id = task.video_id
GROUP BY video.partition_date;
