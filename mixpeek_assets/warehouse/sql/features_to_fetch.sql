-- The features of some partitions to fetch with their vectors.
SELECT * EXCLUDE (start_time)
FROM mixpeek_internal.features_to_fetch(refreshed := $refresh, this_api := $api)
WHERE list_contains($partitions, partition_date)
ORDER BY asset_id, start_time;
