-- Load replies of GET /features/{id}. The files are read once: parsing them costs more than
-- all the rest.
CREATE OR REPLACE TEMP TABLE feature_replies AS
SELECT *
FROM read_json($files, format = 'newline_delimited', maximum_object_size = $largest, columns = $columns);

-- The newest reply of each feature counts. (A QUALIFY above would carry the embeddings through a
-- sort.)
DELETE FROM feature_replies
WHERE rowid IN (
    SELECT rowid
    FROM feature_replies
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

-- In parts, because a scan of this few rows uses one thread.
CREATE OR REPLACE TEMP MACRO dense_vectors(part, parts) AS TABLE
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
        * EXCLUDE (dense),
        unnest(map_entries(dense)) AS entry
    FROM feature_replies
    WHERE hash(feature_id) % parts = part
);

INSERT INTO mixpeek.vectors BY NAME
FROM dense_vectors(0, 4)
UNION ALL
FROM dense_vectors(1, 4)
UNION ALL
FROM dense_vectors(2, 4)
UNION ALL
FROM dense_vectors(3, 4);

CREATE OR REPLACE TEMP MACRO sparse_vectors() AS TABLE
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

INSERT INTO mixpeek.vectors BY NAME
FROM sparse_vectors();

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
    coalesce(sum(coalesce(cardinality(dense), 0) + coalesce(cardinality(sparse), 0)), 0)::BIGINT AS fetched,
    (SELECT count(*) FROM known_vectors) AS known,
    coalesce(sum(len(problems)), 0)::BIGINT AS rejected
FROM feature_replies
WHERE coalesce(run_id = $run_id, TRUE);
