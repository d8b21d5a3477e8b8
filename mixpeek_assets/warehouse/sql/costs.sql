-- What the tasks of some days, or of all, have cost, where the API told it.
SELECT
    partition_date,
    sum(credits) AS credits,
    sum(cost_usd) AS cost_usd
FROM mixpeek.tasks
WHERE
    ($days IS NULL OR list_contains($days, partition_date))
    AND (credits IS NOT NULL OR cost_usd IS NOT NULL)
GROUP BY partition_date
ORDER BY partition_date;
