-- Merge features: a field that a reply lacks, or has empty, never erases what another gave. (json_merge_patch would: its
-- nulls erase, so that the same reply, landed twice, would lose fields.)
-- One look at the table finds what is known; from there on it is about these rows alone, however large the table is.
CREATE OR REPLACE TEMP TABLE known_features AS
SELECT
    rowid AS place,
    *
FROM mixpeek.features
WHERE feature_id IN (SELECT feature_id FROM landed_features);

CREATE OR REPLACE TEMP TABLE merged_features AS
SELECT
    known.place,
    landed.feature_id,
    coalesce(known.asset_id, landed.asset_id) AS asset_id,
    coalesce(known.video_id, landed.video_id) AS video_id,
    coalesce(landed.collection_id, known.collection_id) AS collection_id,
    coalesce(landed.modality, known.modality) AS modality,
    coalesce(landed.start_time, known.start_time) AS start_time,
    coalesce(landed.end_time, known.end_time) AS end_time,
    coalesce(landed.text, known.text) AS text,
    coalesce(landed.transcription, known.transcription) AS transcription,
    coalesce(landed.description, known.description) AS description,
    CASE
        WHEN landed.metadata IN ('{}', '[]', '""') THEN coalesce(known.metadata, landed.metadata)
        ELSE coalesce(landed.metadata, known.metadata)
    END AS metadata,
    coalesce(landed.created_at, known.created_at) AS created_at,
    CASE
        WHEN known.payload IS NULL THEN landed.payload
        WHEN landed.payload IS NULL OR landed.payload = known.payload THEN known.payload
        ELSE to_json(
            map_concat(
                map_from_entries(
                    list_filter(
                        map_entries(landed.payload::MAP(VARCHAR, JSON)),
                        lambda field: field.value IN ('{}', '[]', '""')
                    )
                ),
                known.payload::MAP(VARCHAR, JSON),
                map_from_entries(
                    list_filter(
                        map_entries(landed.payload::MAP(VARCHAR, JSON)),
                        lambda field: field.value NOT IN ('null', '{}', '[]', '""')
                    )
                )
            )
        )
    END AS payload,
    coalesce(known.partition_date, landed.partition_date) AS partition_date,
    landed.run_id,
    now() AS loaded_at
FROM landed_features AS landed
LEFT JOIN known_features AS known ON landed.feature_id = known.feature_id;

UPDATE mixpeek.features AS feature
SET
    collection_id = merged.collection_id,
    modality = merged.modality,
    start_time = merged.start_time,
    end_time = merged.end_time,
    text = merged.text,
    transcription = merged.transcription,
    description = merged.description,
    metadata = merged.metadata,
    created_at = merged.created_at,
    payload = merged.payload,
    run_id = merged.run_id,
    loaded_at = merged.loaded_at
FROM merged_features AS merged
INNER JOIN known_features AS known ON merged.place = known.place
WHERE
    feature.rowid = merged.place
    AND (
        merged.collection_id, merged.modality, merged.start_time, merged.end_time, merged.text,
        merged.transcription, merged.description, merged.metadata, merged.created_at, merged.payload
    ) IS DISTINCT FROM (
        known.collection_id, known.modality, known.start_time, known.end_time, known.text,
        known.transcription, known.description, known.metadata, known.created_at, known.payload
    );

INSERT INTO mixpeek.features BY NAME
SELECT * EXCLUDE (place)
FROM merged_features
WHERE place IS NULL;
