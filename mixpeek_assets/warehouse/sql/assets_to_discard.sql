-- The assets of some partitions that a newer submission of their video has superseded.
SELECT
    task.asset_id,
    any_value(task.video_id) AS video_id,
    any_value(task.partition_date) AS partition_date,
    any_value(task.settled_at) AS settled_at,
    any_value(video.collection) AS collection,
    any_value(task.extractors) AS extractors
FROM mixpeek.tasks AS task
INNER JOIN mixpeek.videos AS video ON task.video_id = video.video_id
WHERE
    list_contains($partitions, task.partition_date)
    AND coalesce(task.api = $api, TRUE)
    AND task.asset_id IN (SELECT object_id FROM mixpeek_internal.refetch_requests WHERE verb = 'discard')
GROUP BY task.asset_id;
