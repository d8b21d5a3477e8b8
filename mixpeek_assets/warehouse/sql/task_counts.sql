-- How many tasks of some partitions are in each state.
SELECT
    partition_date,
    state,
    count(*) AS tasks
FROM mixpeek.tasks
WHERE list_contains($partitions, partition_date)
GROUP BY partition_date, state
ORDER BY partition_date, state;
