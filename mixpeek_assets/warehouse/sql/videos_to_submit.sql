-- The videos of some partitions that need a submission.
SELECT * EXCLUDE (added_at)
FROM mixpeek_internal.submissions(
    allowed_attempts := $max_attempts,
    wanted_extractors := $extractors,
    refreshed := $refresh,
    failed_again := $resubmit_failed,
    these_runs := $runs,
    this_api := $api
)
WHERE
    list_contains($partitions, partition_date)
    AND mixpeek_internal.is_chosen(video_id, url, collection, $collections, $videos)
ORDER BY partition_date, added_at, url
LIMIT $limit;
