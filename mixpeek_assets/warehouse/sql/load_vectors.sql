-- Load replies of GET /features/{id}. The files are read once: to parse their text costs more than all the rest.
CREATE OR REPLACE TEMP TABLE landed_replies AS
SELECT *
FROM read_json(
    $files,
    format = 'newline_delimited',
    maximum_object_size = $largest,
    columns = {
        feature_id: 'VARCHAR',
        asset_id: 'VARCHAR',
        video_id: 'VARCHAR',
        modality: 'VARCHAR',
        partition_date: 'DATE',
        run_id: 'VARCHAR',
        fetched_at: 'TIMESTAMPTZ',
        feature: 'STRUCT(
            collection_id VARCHAR, modality VARCHAR, start_time DOUBLE, end_time DOUBLE, text VARCHAR,
            transcription VARCHAR, description VARCHAR, metadata JSON, created_at VARCHAR, payload JSON
        )',
        dense: 'MAP(VARCHAR, FLOAT[])',
        sparse: 'MAP(VARCHAR, STRUCT(indices INTEGER[], "values" FLOAT[]))',
        vectors: 'INTEGER',
        problems: 'STRUCT(object_id VARCHAR, reason VARCHAR, excerpt VARCHAR)[]'
    }
);

-- The newest reply of each feature counts. (A QUALIFY above would carry the embeddings through a sort.)
DELETE FROM landed_replies
WHERE rowid IN (
    SELECT rowid
    FROM landed_replies
    QUALIFY row_number() OVER (PARTITION BY feature_id ORDER BY fetched_at DESC) > 1
);

CREATE OR REPLACE TEMP TABLE landed_features AS
SELECT
    feature_id,
    asset_id,
    video_id,
    feature.collection_id,
    coalesce(feature.modality, modality) AS modality,
    feature.start_time,
    feature.end_time,
    feature.text,
    feature.transcription,
    feature.description,
    feature.metadata,
    TRY_CAST(feature.created_at AS TIMESTAMPTZ) AS created_at,
    feature.payload,
    partition_date,
    run_id
FROM landed_replies
WHERE feature IS NOT NULL;

-- A reply without a single sound vector deletes none.
DELETE FROM mixpeek.vectors
WHERE feature_id IN (SELECT feature_id FROM landed_replies WHERE vectors > 0);

-- In parts, because one scan of so few rows is the work of one thread.
CREATE OR REPLACE TEMP MACRO landed_vectors(part) AS TABLE
SELECT
    feature_id,
    entry.key AS vector_name,
    asset_id,
    video_id,
    coalesce(modality, feature.modality) AS modality,
    len(entry.value) AS dimensions,
    entry.value AS embedding,
    partition_date,
    run_id,
    now() AS loaded_at
FROM (
    SELECT
        * EXCLUDE (dense),
        unnest(map_entries(dense)) AS entry
    FROM landed_replies
    WHERE hash(feature_id) % 4 = part
);

INSERT INTO mixpeek.vectors BY NAME
FROM landed_vectors(0)
UNION ALL
FROM landed_vectors(1)
UNION ALL
FROM landed_vectors(2)
UNION ALL
FROM landed_vectors(3);

INSERT INTO mixpeek.vectors BY NAME
SELECT
    feature_id,
    entry.key AS vector_name,
    asset_id,
    video_id,
    coalesce(modality, feature.modality) AS modality,
    entry.value AS sparse,
    partition_date,
    run_id,
    now() AS loaded_at
FROM (SELECT * EXCLUDE (sparse), unnest(map_entries(sparse)) AS entry FROM landed_replies);

DELETE FROM mixpeek.rejects
WHERE
    endpoint = 'GET /features/{id}'
    AND object_id IN (SELECT feature_id FROM landed_replies);

INSERT INTO mixpeek.rejects BY NAME
SELECT
    'GET /features/{id}' AS endpoint,
    feature_id AS object_id,
    video_id,
    problem.reason,
    problem.excerpt,
    partition_date,
    run_id,
    now() AS loaded_at
FROM (SELECT *, unnest(problems) AS problem FROM landed_replies);

DELETE FROM mixpeek_internal.refetch_requests
WHERE
    endpoint = 'GET /features/{id}'
    AND object_id IN (SELECT feature_id FROM landed_replies);
