-- The rows that name no usable video.
SELECT
    $source || ' row ' || line AS object_id,
    problem AS reason,
    coalesce(left(url, 300), '') AS excerpt,
    -- Of a row that is wrong in something else, the day is known.
    CASE
        WHEN isfinite(added_at) AND added_at::DATE >= $first_partition::DATE THEN added_at::DATE::VARCHAR
        ELSE ''
    END AS day
FROM checked
WHERE problem IS NOT NULL
ORDER BY line
LIMIT 1000;
