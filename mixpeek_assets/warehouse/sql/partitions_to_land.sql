-- The partitions in which a task is over and what it made is not landed.
SELECT
    partition_date,
    count(*) AS tasks
FROM mixpeek.tasks
WHERE
    state IN ('done', 'skipped')
    AND asset_id IS NOT NULL
    AND landed_at IS NULL
GROUP BY partition_date
ORDER BY partition_date;
