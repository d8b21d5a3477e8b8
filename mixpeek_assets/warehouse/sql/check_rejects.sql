-- What of some endpoints is in `rejects`, and why.
SELECT
    reject.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), reject.object_id) AS video,
    'rejected' AS state,
    CASE WHEN video.url IS NOT NULL THEN left(reject.object_id, 200) || ': ' ELSE '' END || reject.reason AS reason
FROM mixpeek.rejects AS reject
LEFT JOIN mixpeek.videos AS video ON reject.video_id = video.video_id
WHERE
    ($partitions IS NULL OR list_contains($partitions, reject.partition_date))
    AND (
        $table IS NULL
        OR reject.endpoint = CASE $table
            WHEN 'videos' THEN 'manifest'
            WHEN 'assets' THEN mixpeek_internal.asset_endpoint()
            WHEN 'vectors' THEN mixpeek_internal.feature_endpoint()
        END
    );
