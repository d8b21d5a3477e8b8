-- What a check finds (`broken`, its query), at most so many rows (of a day, with $by_day), each with the number of all.
SELECT
    partition_date,
    video,
    state,
    reason,
    count(*) OVER (PARTITION BY CASE WHEN $by_day THEN partition_date END) AS total
FROM broken
QUALIFY row_number() OVER (PARTITION BY CASE WHEN $by_day THEN partition_date END ORDER BY video, reason) <= $most
ORDER BY partition_date, video, reason;
