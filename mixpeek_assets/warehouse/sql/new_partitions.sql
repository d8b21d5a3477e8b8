-- The partitions, up to today, of the manifest's videos that are not in `videos` yet.
SELECT DISTINCT mixpeek_internal.partition_of(manifest.added_at, $today) AS partition_date
FROM read_parquet($manifest) AS manifest
ANTI JOIN mixpeek.videos AS known ON manifest.video_id = known.video_id
WHERE mixpeek_internal.partition_of(manifest.added_at, $today) <= $today
ORDER BY partition_date;
