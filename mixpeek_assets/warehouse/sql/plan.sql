-- The requests known to be needed, by verb, partition and reason; of some partitions, or of all.
SELECT *
FROM (
    SELECT 'submit' AS verb, partition_date, why, count(*) AS requests
    FROM mixpeek_internal.submissions(
    allowed_attempts := $max_attempts,
    wanted_extractors := $extractors,
    refreshed := $refresh,
    failed_again := $resubmit_failed,
    these_runs := $runs,
    this_api := $api
)
    GROUP BY ALL

    UNION ALL

    SELECT 'poll' AS verb, partition_date, 'open' AS why, count(*) AS requests
    FROM mixpeek.tasks
    WHERE state = 'open' AND coalesce(api = $api, TRUE)
    GROUP BY ALL

    UNION ALL

    SELECT 'fetch asset' AS verb, partition_date, 'not landed' AS why, count(*) AS requests
    FROM mixpeek_internal.assets_to_fetch(refreshed := $refetch, this_api := $api)
    GROUP BY ALL

    UNION ALL

    SELECT 'fetch vectors' AS verb, partition_date, 'not landed' AS why, count(*) AS requests
    FROM mixpeek_internal.features_to_fetch(refreshed := $refetch, this_api := $api)
    GROUP BY ALL
)
WHERE $partitions IS NULL OR list_contains($partitions, partition_date)
ORDER BY verb = 'submit' DESC, verb = 'poll' DESC, verb, partition_date, why;
