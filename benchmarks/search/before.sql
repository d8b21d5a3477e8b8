-- `mixpeek.nearest` as it was first: a comparison and two joins for each vector, of which ten are kept.
SELECT vector.feature_id
FROM mixpeek.vectors AS vector
INNER JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
INNER JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE
    vector.vector_name = 'benchmark'
    AND len(vector.embedding) = len($query::FLOAT[])
ORDER BY
    nullif(round(list_cosine_similarity(vector.embedding, $query::FLOAT[]), 4), 'nan'::FLOAT) DESC NULLS LAST,
    vector.feature_id
LIMIT $k;
