-- How far the videos of each of some days are.
FROM mixpeek_internal.day_progress
WHERE list_contains($partitions, partition_date);
