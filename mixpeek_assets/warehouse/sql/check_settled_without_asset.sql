-- Assets of settled tasks that are neither in `assets` nor in `rejects`; a task that settled after
-- the run planned its requests belongs to the next run.
SELECT task.asset_id AS example
FROM mixpeek.tasks AS task
ANTI JOIN mixpeek.assets AS asset ON task.asset_id = asset.asset_id
ANTI JOIN mixpeek_internal.rejected_assets AS rejected ON task.asset_id = rejected.asset_id
WHERE
    list_contains($partitions, task.partition_date)
    AND task.state IN ('done', 'skipped')
    AND task.asset_id IS NOT NULL
    AND task.loaded_at <= $planned_at;
