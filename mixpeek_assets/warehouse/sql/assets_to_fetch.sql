-- The assets of some partitions to fetch, the longest-waiting first.
SELECT
    wanted.asset_id,
    wanted.video_id,
    wanted.partition_date,
    wanted.settled_at,
    coalesce(video.collection, '') AS collection,
    wanted.extractors
FROM mixpeek_internal.assets_to_fetch(refreshed := $refresh, this_api := $api) AS wanted
LEFT JOIN mixpeek.videos AS video ON wanted.video_id = video.video_id
WHERE
    list_contains($partitions, wanted.partition_date)
    AND mixpeek_internal.is_chosen(wanted.video_id, video.url, video.collection, $collections, $videos)
ORDER BY wanted.first_settled_at, video.collection;
