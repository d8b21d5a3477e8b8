-- Search by similarity: the features nearest to a vector, and the features nearest to a feature.
CREATE OR REPLACE MACRO mixpeek.nearest(name, query, k := 10) AS TABLE
SELECT
    vector.feature_id,
    vector.modality,
    -- A zero vector has no direction: its similarity is NaN, which would come first.
    nullif(round(list_cosine_similarity(vector.embedding, query::FLOAT[]), 4), 'nan'::FLOAT) AS similarity,
    feature.start_time,
    feature.end_time,
    video.url,
    video.collection,
    vector.asset_id,
    vector.video_id
FROM mixpeek.vectors AS vector
INNER JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
INNER JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE
    vector.vector_name = name
    AND len(vector.embedding) = len(query)
ORDER BY similarity DESC NULLS LAST, vector.feature_id
LIMIT k;

CREATE OR REPLACE MACRO mixpeek.similar(to_feature, name, k := 10) AS TABLE
SELECT found.*
FROM mixpeek.nearest(
    name,
    (SELECT embedding FROM mixpeek.vectors WHERE feature_id = to_feature AND vector_name = name),
    k := k + 1
) AS found
WHERE found.feature_id != to_feature
ORDER BY found.similarity DESC NULLS LAST, found.feature_id
LIMIT k;
