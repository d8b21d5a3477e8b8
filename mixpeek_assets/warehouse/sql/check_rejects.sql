-- The rejects of one table: the video and the reason.
SELECT concat_ws(': ', left(video.url, 200), left(reject.object_id, 200), reject.reason) AS example
FROM mixpeek.rejects AS reject
LEFT JOIN mixpeek.videos AS video ON reject.video_id = video.video_id
WHERE
    list_contains($partitions, reject.partition_date)
    AND reject.endpoint = CASE $table
        WHEN 'videos' THEN 'manifest'
        WHEN 'assets' THEN mixpeek_internal.asset_endpoint()
        ELSE mixpeek_internal.feature_endpoint()
    END;
