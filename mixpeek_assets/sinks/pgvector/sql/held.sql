-- The keys of a day with their digests; null where feature or video is missing, so that it comes again.
SELECT
    vector.feature_id,
    vector.vector_name,
    CASE
        WHEN feature.feature_id IS NOT NULL AND (vector.video_id IS NULL OR video.video_id IS NOT NULL)
            THEN vector.digest
    END AS digest,
    vector.video_id
FROM mixpeek.vectors AS vector
LEFT JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE vector.partition_date = %(day)s AND (%(collection)s::text IS NULL OR vector.collection = %(collection)s::text);
