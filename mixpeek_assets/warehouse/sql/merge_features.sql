-- Merge `fetched_features`, a temporary table that load_assets.sql or load_vectors.sql has made,
-- into `features`: a missing or empty field of a reply never erases a known value.
-- (json_merge_patch would: its nulls erase, so the same reply, landed twice, would lose fields.)
-- One scan of the table finds the known rows; the rest uses only these.
CREATE OR REPLACE TEMP TABLE known_features AS
SELECT
    rowid AS place,
    *
FROM mixpeek.features
WHERE feature_id IN (SELECT feature_id FROM fetched_features);

-- The rows have the table's columns, in its order, so that they can be compared with the known ones.
CREATE OR REPLACE TEMP TABLE merged_features AS
SELECT *
FROM mixpeek.features
WHERE FALSE;

-- Each column takes the fetched value, else the known one: arg_max skips nulls. Empty metadata erases none, and payloads
-- are merged field by field.
INSERT INTO merged_features BY NAME
SELECT
    * EXCLUDE (known_metadata, known_payload)
    REPLACE (
        if(metadata IN ('{}', '[]', '""'), known_metadata, metadata) AS metadata,
        CASE
            WHEN payload = known_payload THEN payload
            ELSE to_json(
                map_concat(
                    map_from_entries(
                        list_filter(
                            map_entries(payload::MAP(VARCHAR, JSON)),
                            lambda field: field.value IN ('{}', '[]', '""')
                        )
                    ),
                    known_payload::MAP(VARCHAR, JSON),
                    map_from_entries(
                        list_filter(
                            map_entries(payload::MAP(VARCHAR, JSON)),
                            lambda field: field.value NOT IN ('null', '{}', '[]', '""')
                        )
                    )
                )
            )
        END AS payload
    )
FROM (
    SELECT
        feature_id,
        arg_max(COLUMNS(* EXCLUDE (feature_id, precedence)), precedence),
        arg_min(metadata, precedence) AS known_metadata,
        arg_min(payload, precedence) AS known_payload
    FROM (
        SELECT
            1 AS precedence,
            * EXCLUDE (asset_id, video_id, partition_date)
        FROM fetched_features
        WHERE feature_id IN (SELECT feature_id FROM known_features)
        UNION ALL BY NAME
        SELECT
            0 AS precedence,
            * EXCLUDE (place, loaded_at)
        FROM known_features
    )
    GROUP BY feature_id
);

CREATE OR REPLACE TEMP TABLE changed_features AS
SELECT merged.feature_id
FROM (SELECT * EXCLUDE (run_id, loaded_at) FROM merged_features) AS merged
INNER JOIN (SELECT * EXCLUDE (place, run_id, loaded_at) FROM known_features) AS known
    ON merged.feature_id = known.feature_id
WHERE merged IS DISTINCT FROM known;

DELETE FROM mixpeek.features
WHERE rowid IN (
    SELECT known.place
    FROM known_features AS known
    INNER JOIN changed_features AS changed ON known.feature_id = changed.feature_id
);

INSERT INTO mixpeek.features BY NAME
SELECT * REPLACE (now() AS loaded_at)
FROM merged_features
WHERE feature_id IN (SELECT feature_id FROM changed_features);

INSERT INTO mixpeek.features BY NAME
SELECT
    *,
    now() AS loaded_at
FROM fetched_features
WHERE feature_id NOT IN (SELECT feature_id FROM known_features);

SELECT
    count(*) FILTER (WHERE known.feature_id IS NULL) AS inserted,
    count(changed.feature_id) AS replaced,
    count(*) - inserted - replaced AS unchanged
FROM fetched_features AS fetched
LEFT JOIN known_features AS known ON fetched.feature_id = known.feature_id
LEFT JOIN changed_features AS changed ON fetched.feature_id = changed.feature_id
WHERE coalesce(fetched.run_id = $run_id, TRUE);
