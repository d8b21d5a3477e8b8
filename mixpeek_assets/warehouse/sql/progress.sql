-- How far the videos of a manifest are.
SELECT
    count(*) FILTER (WHERE task.state NOT IN ('submitting', 'lost')) AS submitted,
    count(*) FILTER (WHERE task.settled_at IS NOT NULL AND task.state != 'lost') AS processed,
    count(*) FILTER (WHERE task.landed_at IS NOT NULL) AS landed
FROM read_parquet($manifest) AS manifest
INNER JOIN mixpeek.latest_tasks AS task ON manifest.video_id = task.video_id;
