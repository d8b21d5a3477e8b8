-- The vectors of a block, each of the feature that has its number.
INSERT INTO mixpeek.vectors BY NAME
SELECT
    feature.feature_id,
    'benchmark' AS vector_name,
    feature.asset_id,
    feature.video_id,
    feature.modality,
    len(arrived.embedding) AS dimensions,
    arrived.embedding,
    feature.partition_date,
    feature.run_id,
    now() AS loaded_at
FROM arrived
INNER JOIN mixpeek.features AS feature
    ON feature.feature_id = 'feature-' || arrived.number // $a_video || '-' || arrived.number % $a_video;
