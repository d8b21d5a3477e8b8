-- Load replies of GET /features/{id}. The embeddings, nine tenths of the text, go from the files straight into the
-- table; all else is in `$brief`.
CREATE OR REPLACE TEMP TABLE feature_replies AS
SELECT * EXCLUDE (dense)
FROM read_json($brief, format = 'newline_delimited', maximum_object_size = $longest, columns = $columns);

-- The newest reply of each feature counts.
CREATE OR REPLACE TEMP TABLE repeated_features AS
SELECT feature_id
FROM feature_replies
GROUP BY feature_id
HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE older_replies AS
SELECT
    feature_id,
    fetched_at
FROM feature_replies
WHERE feature_id IN (SELECT feature_id FROM repeated_features)
QUALIFY fetched_at < max(fetched_at) OVER (PARTITION BY feature_id);

DELETE FROM feature_replies
WHERE rowid IN (
    SELECT rowid
    FROM feature_replies
    WHERE feature_id IN (SELECT feature_id FROM repeated_features)
    QUALIFY row_number() OVER (PARTITION BY feature_id ORDER BY fetched_at DESC) > 1
);

-- Read by merge_features.sql. A reply without a modality keeps the listed one.
CREATE OR REPLACE TEMP TABLE fetched_features AS
SELECT
    * EXCLUDE (listed_modality)
    REPLACE (
        TRY_CAST(created_at AS TIMESTAMPTZ) AS created_at,
        coalesce(modality, listed_modality) AS modality
    )
FROM (
    SELECT
        feature_id,
        asset_id,
        video_id,
        partition_date,
        run_id,
        modality AS listed_modality,
        unnest(feature)
    FROM feature_replies
    WHERE feature IS NOT NULL
);

-- The rows of before, which row_counts.py compares and deletes. A reply without a valid vector replaces none.
CREATE OR REPLACE TEMP TABLE known_vectors AS
SELECT rowid AS place
FROM mixpeek.vectors
WHERE feature_id IN (SELECT feature_id FROM feature_replies WHERE vectors > 0);

INSERT INTO mixpeek.vectors BY NAME
SELECT
    feature_id,
    entry.key AS vector_name,
    asset_id,
    video_id,
    coalesce(modality, feature.modality) AS modality,
    len(entry.value)::INTEGER AS dimensions,
    entry.value AS embedding,
    partition_date,
    run_id,
    mixpeek_internal.load_time() AS loaded_at
FROM (
    SELECT
        reply.* EXCLUDE (dense),
        unnest(map_entries(reply.dense)) AS entry
    FROM read_json(
        $files,
        format = 'newline_delimited',
        maximum_object_size = $longest,
        columns = {
            feature_id: 'VARCHAR',
            asset_id: 'VARCHAR',
            video_id: 'VARCHAR',
            modality: 'VARCHAR',
            partition_date: 'DATE',
            run_id: 'VARCHAR',
            fetched_at: 'TIMESTAMPTZ',
            feature: 'STRUCT(modality VARCHAR)',
            dense: 'MAP(VARCHAR, FLOAT[])'
        }
    ) AS reply
    ANTI JOIN older_replies AS older
        ON reply.feature_id = older.feature_id AND reply.fetched_at = older.fetched_at
);

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
    mixpeek_internal.load_time() AS loaded_at
FROM (SELECT * EXCLUDE (sparse), unnest(map_entries(sparse)) AS entry FROM feature_replies);

-- Two replies of one moment may both be the newest.
DELETE FROM mixpeek.vectors
WHERE rowid IN (
    SELECT rowid
    FROM mixpeek.vectors
    WHERE
        loaded_at = now()
        AND feature_id IN (SELECT feature_id FROM repeated_features)
        AND rowid NOT IN (SELECT place FROM known_vectors)
    QUALIFY row_number() OVER (PARTITION BY feature_id, vector_name) > 1
);

DELETE FROM mixpeek.rejects
WHERE
    endpoint = mixpeek_internal.feature_endpoint()
    AND object_id IN (SELECT feature_id FROM feature_replies);

INSERT INTO mixpeek.rejects BY NAME
SELECT
    mixpeek_internal.feature_endpoint() AS endpoint,
    feature_id AS object_id,
    video_id,
    problem.reason,
    problem.excerpt,
    partition_date,
    run_id,
    now() AS loaded_at
FROM (SELECT *, unnest(problems) AS problem FROM feature_replies);

DELETE FROM mixpeek_internal.refetch_requests
WHERE
    verb = 'fetch vectors'
    AND object_id IN (SELECT feature_id FROM feature_replies);

SELECT
    coalesce(sum(vectors), 0)::BIGINT AS fetched,
    (SELECT count(*) FROM known_vectors) AS known,
    coalesce(sum(len(problems)), 0)::BIGINT AS rejected
FROM feature_replies
WHERE coalesce(run_id = $run_id, TRUE);
