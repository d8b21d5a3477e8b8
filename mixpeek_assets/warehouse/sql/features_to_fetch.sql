-- The features of some partitions to fetch with their vectors.
SELECT
    wanted.* EXCLUDE (start_time),
    coalesce(video.collection, '') AS collection
FROM mixpeek_internal.features_to_fetch(refreshed := $refresh, this_api := $api) AS wanted
LEFT JOIN mixpeek.videos AS video ON wanted.video_id = video.video_id
WHERE
    list_contains($partitions, wanted.partition_date)
    AND mixpeek_internal.is_chosen(wanted.video_id, video.url, video.collection, $collections, $videos)
ORDER BY wanted.asset_id, wanted.start_time;
