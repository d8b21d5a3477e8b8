-- The first day that has a video.
SELECT min(partition_date) AS first_day
FROM mixpeek.videos;
