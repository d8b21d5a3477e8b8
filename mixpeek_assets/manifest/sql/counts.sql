-- How many rows the manifest has, and how many of them name nothing new or nothing usable.
SELECT
    count(*) AS lines,
    count(*) FILTER (WHERE repeated) AS repeated,
    count(*) FILTER (WHERE problem IS NOT NULL) AS unusable
FROM checked;
