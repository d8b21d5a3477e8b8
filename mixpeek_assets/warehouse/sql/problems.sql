-- What went wrong. Problems with the same reason are one row with an example; the newest first.
SELECT
    CASE WHEN kind IN ('failed', 'cancelled', 'lost') THEN 'task ' || kind ELSE 'rejected' END AS kind,
    reason,
    count(*) AS times,
    max(partition_date) AS partition_date,
    arg_max(CASE WHEN kind IN ('failed', 'cancelled', 'lost') THEN coalesce(url, what) ELSE what END, happened_at)
        AS about
FROM mixpeek.failures
GROUP BY ALL
ORDER BY max(happened_at) DESC, about
LIMIT $limit;
