-- How far the videos of a manifest are.
SELECT
    count(*) FILTER (WHERE state NOT IN ('submitting', 'lost')) AS submitted,
    count(*) FILTER (WHERE settled_at IS NOT NULL AND state != 'lost') AS processed,
    count(*) FILTER (WHERE landed_at IS NOT NULL) AS landed
FROM (
    SELECT
        arg_max(task.state, task.attempt) AS state,
        arg_max_null(task.settled_at, task.attempt) AS settled_at,
        arg_max_null(task.landed_at, task.attempt) AS landed_at
    FROM read_parquet($manifest) AS manifest
    INNER JOIN mixpeek.tasks AS task ON manifest.video_id = task.video_id
    GROUP BY task.video_id
);
