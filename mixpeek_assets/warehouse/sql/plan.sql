-- What is known to be needed, by verb, partition, reason and collection; of some partitions and
-- videos, or of all.
SELECT
    needed.verb,
    needed.partition_date,
    needed.why,
    video.collection,
    count(*) AS items,
    count(DISTINCT needed.task_id) AS tasks
FROM (
    SELECT 'submit' AS verb, partition_date, why, video_id, NULL AS task_id
    FROM mixpeek_internal.submissions(
    allowed_attempts := $max_attempts,
    wanted_extractors := $extractors,
    refreshed := $refresh,
    failed_again := $resubmit_failed,
    these_runs := $runs,
    this_api := $api
)

    UNION ALL

    SELECT 'poll' AS verb, partition_date, 'open' AS why, video_id, task_id
    FROM mixpeek.tasks
    WHERE state = 'open' AND coalesce(api = $api, TRUE)

    UNION ALL

    SELECT 'fetch asset' AS verb, partition_date, 'not landed' AS why, video_id, NULL AS task_id
    FROM mixpeek_internal.assets_to_fetch(refreshed := $refetch, this_api := $api)

    UNION ALL

    SELECT 'fetch vectors' AS verb, partition_date, 'not landed' AS why, video_id, NULL AS task_id
    FROM mixpeek_internal.features_to_fetch(refreshed := $refetch, this_api := $api)
) AS needed
LEFT JOIN mixpeek.videos AS video ON needed.video_id = video.video_id
WHERE
    ($partitions IS NULL OR list_contains($partitions, needed.partition_date))
    AND mixpeek_internal.is_chosen(needed.video_id, video.url, video.collection, $collections, $videos)
GROUP BY needed.verb, needed.partition_date, needed.why, video.collection
ORDER BY
    list_position(['submit', 'poll', 'fetch asset', 'fetch vectors'], needed.verb),
    needed.partition_date,
    needed.why,
    video.collection;
