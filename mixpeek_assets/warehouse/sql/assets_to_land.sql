-- The assets of tasks that are over and which are neither landed nor rejected; with $refresh, all of them.
-- An asset that two videos share (contract b8: SKIPPED) belongs to the one that landed it first.
SELECT
    task.asset_id,
    arg_min(task.video_id, task.settled_at) AS video_id,
    arg_min(task.partition_date, task.settled_at) AS partition_date
FROM mixpeek.tasks AS task
LEFT JOIN mixpeek.assets AS asset ON task.asset_id = asset.asset_id
WHERE
    list_contains($partitions, task.partition_date)
    AND task.state IN ('done', 'skipped')
    AND task.asset_id IS NOT NULL
    AND coalesce(asset.video_id = task.video_id, TRUE)
    AND (
        $refresh
        OR (
            asset.asset_id IS NULL
            AND task.asset_id NOT IN (
                SELECT object_id FROM mixpeek.rejects WHERE endpoint = 'GET /assets/{id}/features'
            )
        )
    )
GROUP BY task.asset_id
ORDER BY min(task.settled_at);
