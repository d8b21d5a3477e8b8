-- A feature to search from: of the newest few images, the one most similar to another video's.
WITH newest AS (
    SELECT
        vector.feature_id,
        vector.vector_name,
        vector.modality,
        vector.video_id,
        vector.embedding
    FROM mixpeek.vectors AS vector
    WHERE vector.embedding IS NOT NULL
    ORDER BY vector.loaded_at DESC, vector.modality = 'image' DESC, vector.feature_id
    LIMIT 200
)

SELECT
    source.feature_id,
    source.vector_name,
    coalesce(source.modality, 'feature') AS modality,
    coalesce(feature.start_time, 0) AS start_time,
    regexp_extract(video.url, '([^/]+)/?$', 1) AS name
FROM newest AS source
LEFT JOIN newest AS target
    ON
        source.vector_name = target.vector_name
        AND source.video_id != target.video_id
        AND len(source.embedding) = len(target.embedding)
INNER JOIN mixpeek.features AS feature ON source.feature_id = feature.feature_id
INNER JOIN mixpeek.videos AS video ON source.video_id = video.video_id
GROUP BY
    source.feature_id,
    source.vector_name,
    source.modality,
    feature.start_time,
    video.url
ORDER BY
    source.modality = 'image' DESC,
    source.vector_name = 'image' DESC,
    max(nullif(list_cosine_similarity(source.embedding, target.embedding), 'nan'::FLOAT)) DESC NULLS LAST,
    source.feature_id
LIMIT 1;
