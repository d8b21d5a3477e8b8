-- The assets of some partitions to fetch, the longest-waiting first.
SELECT
    asset_id,
    video_id,
    partition_date,
    settled_at
FROM mixpeek_internal.assets_to_fetch(refreshed := $refresh, this_api := $api)
WHERE list_contains($partitions, partition_date)
ORDER BY first_settled_at;
