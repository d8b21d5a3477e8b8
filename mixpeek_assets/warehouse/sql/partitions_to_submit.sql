-- The partitions with videos that need a submission, or whose submission was cut off and must be
-- marked lost first.
SELECT DISTINCT partition_date
FROM (
    SELECT partition_date
    FROM mixpeek_internal.submissions(
    allowed_attempts := $max_attempts,
    wanted_extractors := $extractors,
    refreshed := $refresh,
    failed_again := $resubmit_failed,
    these_runs := $runs,
    this_api := $api
)
    UNION ALL
    SELECT partition_date FROM mixpeek.tasks WHERE state = 'submitting'
)
ORDER BY partition_date;
