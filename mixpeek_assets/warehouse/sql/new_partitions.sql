-- The partitions, up to today, of the manifest's videos that are not in `videos` yet.
SELECT DISTINCT coalesce(manifest.added_at::DATE, $now::TIMESTAMPTZ::DATE) AS partition_date
FROM read_parquet($manifest) AS manifest
ANTI JOIN mixpeek.videos AS known ON manifest.video_id = known.video_id
WHERE coalesce(manifest.added_at::DATE, $now::TIMESTAMPTZ::DATE) <= $now::TIMESTAMPTZ::DATE
ORDER BY partition_date;
