-- Dense vectors that are all zero: no search finds them.
SELECT
    vector.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), vector.video_id) AS video,
    'zero' AS state,
    concat('vector ', vector.vector_name, ' of feature ', vector.feature_id, ' is all zero') AS reason
FROM mixpeek.vectors AS vector
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE
    list_contains($partitions, vector.partition_date)
    AND vector.embedding IS NOT NULL
    AND list_max(vector.embedding) = 0
    AND list_min(vector.embedding) = 0;
