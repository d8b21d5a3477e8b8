-- The rows that name no usable video.
SELECT
    $source || ' row ' || line AS object_id,
    problem AS reason,
    coalesce(left(url, 300), '') AS excerpt
FROM checked
WHERE problem IS NOT NULL
ORDER BY line
LIMIT 1000;
