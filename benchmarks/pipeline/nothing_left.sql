-- Of a filled warehouse, what a manifest with these videos would have led to: nothing is left to do.
CREATE OR REPLACE TEMP MACRO of_manifest(video_id) AS
left(sha256('example' || chr(10) || 'http://videos.test/' || split_part(video_id, '-', 2)), 32);

UPDATE mixpeek.videos SET video_id = of_manifest(video_id);

UPDATE mixpeek.tasks SET video_id = of_manifest(video_id), landed_at = settled_at;

UPDATE mixpeek.assets SET video_id = of_manifest(video_id);

UPDATE mixpeek.features SET video_id = of_manifest(video_id);

INSERT INTO mixpeek.vectors BY NAME
SELECT
    feature_id,
    'multimodal' AS vector_name,
    asset_id,
    video_id,
    modality,
    8 AS dimensions,
    [1, 2, 3, 4, 5, 6, 7, 8]::FLOAT[] AS embedding,
    partition_date,
    run_id,
    loaded_at
FROM mixpeek.features;
