-- The newest days that have a video, up to today: a video with a later date waits for its day.
SELECT DISTINCT partition_date
FROM mixpeek.videos
WHERE partition_date <= $today
ORDER BY partition_date DESC
LIMIT $most;
