-- The collections of the videos of some days.
SELECT DISTINCT collection
FROM mixpeek.videos
WHERE list_contains($days, partition_date)
ORDER BY collection;
