-- A vector for each feature, as many landings would have left them.
CREATE OR REPLACE TEMP TABLE embeddings AS
SELECT
    number,
    list((random() - 0.5)::FLOAT) AS embedding
FROM range(64) AS made (number), range($dimensions)
GROUP BY number;

INSERT INTO mixpeek.vectors BY NAME
SELECT
    feature_id,
    'multimodal' AS vector_name,
    asset_id,
    video_id,
    modality,
    $dimensions AS dimensions,
    embedding,
    partition_date,
    run_id,
    now() AS loaded_at
FROM mixpeek.features
INNER JOIN embeddings ON embeddings.number = hash(feature_id) % 64;

UPDATE mixpeek.tasks
SET landed_at = now();
