-- The collections of all videos.
SELECT DISTINCT collection
FROM mixpeek.videos
ORDER BY collection;
