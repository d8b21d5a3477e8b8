-- Assets that a task has made and which are neither in `assets` nor in `rejects`.
SELECT task.asset_id AS example
FROM mixpeek.tasks AS task
ANTI JOIN mixpeek.assets AS asset ON task.asset_id = asset.asset_id
ANTI JOIN mixpeek.rejects AS reject
    ON reject.endpoint = 'GET /assets/{id}/features' AND task.asset_id = reject.object_id
WHERE
    list_contains($partitions, task.partition_date)
    AND task.state IN ('done', 'skipped')
    AND task.asset_id IS NOT NULL;
