-- A few vectors of each day, of those that landed last.
WITH chosen AS (
    SELECT
        unnest(
            max_by(
                {'feature_id': feature_id, 'vector_name': vector_name},
                (loaded_at, hash(feature_id, vector_name)),
                $rows
            ),
            max_depth := 2
        )
    FROM mixpeek.vectors
    WHERE list_contains($days, partition_date)
    GROUP BY partition_date
)

SELECT
    vector.partition_date,
    video.url AS video,
    feature.start_time AS at,
    vector.modality,
    vector.vector_name AS vector,
    left(
        coalesce(
            feature.description,
            mixpeek_internal.told(feature.text, feature.payload),
            feature.transcription,
            feature.payload ->> '$.labels[0].label'
        ),
        1000
    ) AS found,
    vector.feature_id
FROM mixpeek.vectors AS vector
SEMI JOIN chosen ON vector.feature_id = chosen.feature_id AND vector.vector_name = chosen.vector_name
LEFT JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
ORDER BY vector.partition_date, video.url, feature.start_time, vector.feature_id, vector.vector_name;
