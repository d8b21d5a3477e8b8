-- The videos of a manifest, up to today, that are not in `videos` yet: each is to be submitted.
SELECT
    'submit' AS verb,
    coalesce(manifest.added_at::DATE, $today) AS partition_date,
    'new' AS why,
    count(*) AS requests
FROM read_parquet($manifest) AS manifest
ANTI JOIN mixpeek.videos AS known ON manifest.video_id = known.video_id
WHERE coalesce(manifest.added_at::DATE, $today) <= $today
GROUP BY ALL
ORDER BY partition_date;
