-- How many rows the manifest has, and how many of them are repeated or unusable.
SELECT
    count(*) AS lines,
    count(*) FILTER (WHERE repeated) AS repeated,
    count(*) FILTER (WHERE problem IS NOT NULL) AS unusable
FROM checked;
