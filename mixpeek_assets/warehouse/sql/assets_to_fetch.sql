-- The assets of some partitions that are to be fetched, those that have waited longest first.
SELECT
    asset_id,
    video_id,
    partition_date,
    settled_at
FROM mixpeek_internal.assets_to_fetch(refreshed := $refresh, this_api := $api)
WHERE list_contains($partitions, partition_date)
ORDER BY first_settled_at;
