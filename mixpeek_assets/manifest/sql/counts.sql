-- How many rows the manifest has, how many of them are repeated or unusable, and the first day named.
SELECT
    count(*) AS lines,
    count(*) FILTER (WHERE repeated) AS repeated,
    count(*) FILTER (WHERE problem IS NOT NULL) AS unusable,
    min(added_at::DATE) FILTER (WHERE problem IS NULL) AS first_day
FROM checked;
