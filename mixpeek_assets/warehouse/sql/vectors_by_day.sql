-- How many vectors each day has.
SELECT
    partition_date,
    count(*) AS vectors
FROM mixpeek.vectors
GROUP BY partition_date
ORDER BY partition_date;
