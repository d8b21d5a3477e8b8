-- The partitions with videos that need a submission, or whose submission was cut off and has to be called lost first.
SELECT
    partition_date,
    count(*) AS videos
FROM (
    SELECT partition_date FROM submissions($max_attempts, $extractors, $refresh, $resubmit_failed, $runs, $api)
    UNION ALL
    SELECT partition_date FROM mixpeek.tasks WHERE state = 'submitting'
)
GROUP BY partition_date
ORDER BY partition_date;
