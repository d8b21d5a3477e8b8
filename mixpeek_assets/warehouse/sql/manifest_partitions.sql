-- The partitions of the videos that a manifest names.
SELECT DISTINCT video.partition_date
FROM read_parquet($manifest) AS manifest
INNER JOIN mixpeek.videos AS video ON manifest.video_id = video.video_id
ORDER BY video.partition_date;
