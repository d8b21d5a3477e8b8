-- Assets of settled tasks that are neither in `assets` nor in `rejects`; a task that settled after
-- the run planned its requests belongs to the next run.
SELECT
    task.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), task.video_id) AS video,
    'missing' AS state,
    'asset ' || task.asset_id || ' is not landed' AS reason
FROM mixpeek.tasks AS task
ANTI JOIN mixpeek.assets AS asset ON task.asset_id = asset.asset_id
ANTI JOIN mixpeek_internal.rejected_assets AS rejected ON task.asset_id = rejected.asset_id
LEFT JOIN mixpeek.videos AS video ON task.video_id = video.video_id
WHERE
    list_contains($partitions, task.partition_date)
    AND task.state IN ('done', 'skipped')
    AND task.asset_id IS NOT NULL
    AND task.loaded_at <= $planned_at;
