-- A few features of each day, of those that landed last.
WITH chosen AS (
    SELECT unnest(max_by(feature_id, (loaded_at, hash(feature_id)), $rows)) AS feature_id
    FROM mixpeek.features
    WHERE list_contains($days, partition_date)
    GROUP BY partition_date
)

SELECT
    feature.partition_date,
    video.url AS video,
    feature.start_time AS at,
    feature.modality,
    left(
        coalesce(
            feature.description,
            mixpeek_internal.told(feature.text, feature.payload),
            feature.transcription,
            feature.payload ->> '$.labels[0].label'
        ),
        1000
    ) AS found,
    feature.feature_id
FROM mixpeek.features AS feature
SEMI JOIN chosen ON feature.feature_id = chosen.feature_id
LEFT JOIN mixpeek.videos AS video ON feature.video_id = video.video_id
ORDER BY feature.partition_date, video.url, feature.start_time, feature.feature_id;
