-- The partitions, up to today, in which a task of this API is over and what it made is not landed. (Those ahead of today
-- were made while the machine's clock was; Dagster has no such partition yet.)
SELECT
    partition_date,
    count(*) AS tasks
FROM mixpeek.tasks
WHERE
    state IN ('done', 'skipped')
    AND asset_id IS NOT NULL
    AND landed_at IS NULL
    AND coalesce(api = $api, TRUE)
    AND partition_date <= $today
GROUP BY partition_date
ORDER BY partition_date;
