-- The videos of some partitions that need a submission.
SELECT *
FROM submissions($max_attempts, $extractors, $refresh, $resubmit_failed, $runs, $api)
WHERE list_contains($partitions, partition_date)
ORDER BY partition_date, added_at, url;
