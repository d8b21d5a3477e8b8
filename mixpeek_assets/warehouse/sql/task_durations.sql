-- How long the tasks of each day took, from their submission until they were seen to have ended; the
-- histogram is of seconds, up to and including each bound.
SELECT
    partition_date,
    count(*) AS tasks,
    min(seconds) AS least,
    median(seconds) AS median,
    quantile_cont(seconds, 0.95) AS most_of_them,
    max(seconds) AS most,
    histogram(seconds, $bounds) AS histogram
FROM (
    SELECT
        partition_date,
        -- The two are by different clocks.
        greatest(epoch(settled_at - submitted_at), 0) AS seconds
    FROM mixpeek.tasks
    WHERE
        list_contains($days, partition_date)
        AND settled_at IS NOT NULL
        AND submitted_at IS NOT NULL
        AND state != 'lost'
)
GROUP BY partition_date;
