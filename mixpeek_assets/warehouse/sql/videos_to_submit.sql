-- The videos of some partitions that need a submission, and those whose submission was interrupted,
-- where the API lets it go on. First come those that share a draft, each draft as a whole.
SELECT * EXCLUDE (added_at)
FROM (
    SELECT
        *,
        NULL::VARCHAR AS asset_id,
        NULL::VARCHAR AS task_id,
        NULL::VARCHAR AS extractors,
        FALSE AS is_interrupted
    FROM mixpeek_internal.submissions(
    allowed_attempts := $max_attempts,
    wanted_extractors := $extractors,
    refreshed := $refresh,
    failed_again := $resubmit_failed,
    these_runs := $runs,
    this_api := $api
)
    UNION ALL BY NAME
    SELECT
        video.video_id,
        video.collection,
        video.url,
        video.metadata,
        video.partition_date,
        video.added_at,
        task.attempt,
        task.why,
        NULL::BOOLEAN AS skip_duplicate,
        NULL::VARCHAR AS replaces,
        task.asset_id,
        task.task_id,
        task.extractors,
        TRUE AS is_interrupted
    FROM mixpeek.tasks AS task
    INNER JOIN mixpeek.videos AS video ON task.video_id = video.video_id
    WHERE $resumes AND task.state = 'submitting' AND coalesce(task.api = $api, TRUE)
)
WHERE
    list_contains($partitions, partition_date)
    AND mixpeek_internal.is_chosen(video_id, url, collection, $collections, $videos)
ORDER BY task_id NULLS LAST, partition_date, added_at, url
LIMIT $limit;
