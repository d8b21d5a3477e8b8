-- Merge `fetched_features`, a temporary table that load_assets.sql or load_vectors.sql has made,
-- into `features`: a missing or empty field of a reply never erases a known value.
-- (json_merge_patch would: its nulls erase, so the same reply, landed twice, would lose fields.)
CREATE OR REPLACE TEMP TABLE merged_features AS
SELECT
    * EXCLUDE (known),
    (
        row(
            collection_id,
            modality,
            start_time,
            end_time,
            text,
            transcription,
            description,
            metadata,
            created_at,
            payload
        )
        IS DISTINCT FROM row(
            known.collection_id,
            known.modality,
            known.start_time,
            known.end_time,
            known.text,
            known.transcription,
            known.description,
            known.metadata,
            known.created_at,
            known.payload
        )
    ) AS is_changed
FROM (
    SELECT
        known,
        known.place,
        known.feature_id,
        known.asset_id,
        known.video_id,
        coalesce(fetched.collection_id, known.collection_id) AS collection_id,
        coalesce(fetched.modality, known.modality) AS modality,
        coalesce(fetched.start_time, known.start_time) AS start_time,
        coalesce(fetched.end_time, known.end_time) AS end_time,
        coalesce(fetched.text, known.text) AS text,
        coalesce(fetched.transcription, known.transcription) AS transcription,
        coalesce(fetched.description, known.description) AS description,
        CASE
            WHEN fetched.metadata IN ('{}', '[]', '""') THEN coalesce(known.metadata, fetched.metadata)
            ELSE coalesce(fetched.metadata, known.metadata)
        END AS metadata,
        coalesce(fetched.created_at, known.created_at) AS created_at,
        CASE
            WHEN fetched.payload IS NULL THEN known.payload
            WHEN known.payload IS NULL OR fetched.payload = known.payload THEN fetched.payload
            -- Most replies hold each known field: none is null, and none of the known is empty.
            WHEN
                NOT regexp_matches(fetched.payload, '\\|:null')
                AND list_has_all(json_keys(fetched.payload), json_keys(known.payload))
                AND NOT list_has_any(
                    json_keys(known.payload),
                    regexp_extract_all(fetched.payload, '"([^"]*)":(?:\{\}|\[\]|"")', 1)
                )
                THEN fetched.payload
            ELSE to_json(
                map_concat(
                    map_from_entries(
                        list_filter(
                            map_entries(fetched.payload::MAP(VARCHAR, JSON)),
                            lambda field: field.value IN ('{}', '[]', '""')
                        )
                    ),
                    known.payload::MAP(VARCHAR, JSON),
                    map_from_entries(
                        list_filter(
                            map_entries(fetched.payload::MAP(VARCHAR, JSON)),
                            lambda field: field.value NOT IN ('null', '{}', '[]', '""')
                        )
                    )
                )
            )
        END AS payload,
        known.partition_date,
        fetched.run_id
    FROM (SELECT rowid AS place, * FROM mixpeek.features) AS known
    INNER JOIN fetched_features AS fetched ON known.feature_id = fetched.feature_id
);

DELETE FROM mixpeek.features
WHERE rowid IN (SELECT place FROM merged_features WHERE is_changed);

INSERT INTO mixpeek.features BY NAME
SELECT
    * EXCLUDE (place, is_changed),
    now() AS loaded_at
FROM merged_features
WHERE is_changed;

INSERT INTO mixpeek.features BY NAME
SELECT
    *,
    now() AS loaded_at
FROM fetched_features
WHERE feature_id NOT IN (SELECT feature_id FROM merged_features);

SELECT
    count(*) FILTER (WHERE merged.feature_id IS NULL) AS inserted,
    count(*) FILTER (WHERE merged.is_changed) AS replaced,
    count(*) - inserted - replaced AS unchanged
FROM fetched_features AS fetched
LEFT JOIN merged_features AS merged ON fetched.feature_id = merged.feature_id
WHERE coalesce(fetched.run_id = $run_id, TRUE);
