-- Dense vectors with a value that is not a finite number, or whose length is not `dimensions`.
SELECT
    vector.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), vector.video_id) AS video,
    'unsound' AS state,
    concat('vector ', vector.vector_name, ' of feature ', vector.feature_id, ' has ', len(vector.embedding),
        ' values, ', vector.dimensions, ' dimensions, or one that is no number') AS reason
FROM mixpeek.vectors AS vector
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE
    list_contains($partitions, vector.partition_date)
    AND vector.embedding IS NOT NULL
    AND (
        len(vector.embedding) != vector.dimensions
        OR len(vector.embedding) = 0
        OR list_contains(vector.embedding, NULL)
        OR NOT coalesce(isfinite(list_sum(vector.embedding)), FALSE)
    );
