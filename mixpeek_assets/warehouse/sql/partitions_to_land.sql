-- The partitions, up to today, with a settled task of this API whose results are not landed. (A
-- later partition comes from a machine whose clock was ahead; Dagster has no such partition yet.)
SELECT DISTINCT partition_date
FROM mixpeek.tasks
WHERE
    state IN ('done', 'skipped')
    AND asset_id IS NOT NULL
    AND landed_at IS NULL
    AND coalesce(api = $api, TRUE)
    AND partition_date <= $today
ORDER BY partition_date;
