-- What does not progress by itself: tasks of another API, and partitions that have not begun.
SELECT
    'api' AS kind,
    api AS name,
    count(*) AS tasks
FROM mixpeek.tasks
WHERE
    (state = 'open' OR (state IN ('done', 'skipped') AND landed_at IS NULL AND asset_id IS NOT NULL))
    AND api != $api
GROUP BY api

UNION ALL

SELECT
    'partition' AS kind,
    partition_date::VARCHAR AS name,
    count(*) AS tasks
FROM mixpeek.videos
WHERE partition_date > $today
GROUP BY partition_date
ORDER BY ALL;
