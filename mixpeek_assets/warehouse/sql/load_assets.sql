-- Load replies of GET /assets/{id}/features. The newest reply of each asset counts.
CREATE OR REPLACE TEMP TABLE landed_assets AS
SELECT *
FROM read_json(
    $files,
    format = 'newline_delimited',
    maximum_object_size = $largest,
    columns = {
        asset_id: 'VARCHAR',
        video_id: 'VARCHAR',
        partition_date: 'DATE',
        run_id: 'VARCHAR',
        fetched_at: 'TIMESTAMPTZ',
        asset: 'STRUCT(
            task_id VARCHAR, collection_id VARCHAR, status VARCHAR, modality VARCHAR, url VARCHAR, metadata JSON,
            error JSON, file_hash VARCHAR, duplicate_of VARCHAR, score DOUBLE, created_at VARCHAR,
            updated_at VARCHAR, payload JSON
        )',
        features: 'STRUCT(
            feature_id VARCHAR, collection_id VARCHAR, modality VARCHAR, start_time DOUBLE, end_time DOUBLE,
            text VARCHAR, transcription VARCHAR, description VARCHAR, metadata JSON, created_at VARCHAR, payload JSON
        )[]',
        problems: 'STRUCT(object_id VARCHAR, reason VARCHAR, excerpt VARCHAR)[]'
    }
)
QUALIFY row_number() OVER (PARTITION BY asset_id ORDER BY fetched_at DESC) = 1;

CREATE OR REPLACE TEMP TABLE landed_features AS
SELECT
    feature.feature_id,
    asset_id,
    video_id,
    feature.collection_id,
    feature.modality,
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
FROM (SELECT * EXCLUDE (features), unnest(features) AS feature FROM landed_assets)
QUALIFY row_number() OVER (PARTITION BY feature.feature_id ORDER BY fetched_at DESC) = 1;

DELETE FROM mixpeek_internal.refetch_requests
WHERE
    endpoint = 'GET /assets/{id}/features'
    AND object_id IN (SELECT asset_id FROM landed_assets);

-- What an asset no longer lists goes, with its vectors and rejects; but an empty list is never taken for "there is nothing".
CREATE OR REPLACE TEMP TABLE unlisted_features AS
SELECT feature_id
FROM mixpeek.features
WHERE
    asset_id IN (SELECT asset_id FROM landed_features)
    AND feature_id NOT IN (SELECT feature_id FROM landed_features);

DELETE FROM mixpeek.vectors
WHERE feature_id IN (SELECT feature_id FROM unlisted_features);

DELETE FROM mixpeek.rejects
WHERE
    endpoint = 'GET /features/{id}'
    AND object_id IN (SELECT feature_id FROM unlisted_features);

DELETE FROM mixpeek_internal.refetch_requests
WHERE
    endpoint = 'GET /features/{id}'
    AND object_id IN (SELECT feature_id FROM unlisted_features);

DELETE FROM mixpeek.features
WHERE feature_id IN (SELECT feature_id FROM unlisted_features);

-- A reply that could not be read says why in `problems`, and has no asset.
DELETE FROM mixpeek.assets
WHERE asset_id IN (SELECT asset_id FROM landed_assets WHERE asset IS NOT NULL);

INSERT INTO mixpeek.assets BY NAME
SELECT
    asset_id,
    video_id,
    asset.task_id,
    asset.collection_id,
    asset.status,
    asset.modality,
    asset.url,
    asset.metadata,
    asset.error,
    asset.file_hash,
    asset.duplicate_of,
    asset.score,
    len(features) + len(problems) AS feature_count,
    TRY_CAST(asset.created_at AS TIMESTAMPTZ) AS created_at,
    TRY_CAST(asset.updated_at AS TIMESTAMPTZ) AS updated_at,
    asset.payload,
    partition_date,
    run_id,
    now() AS loaded_at
FROM landed_assets
WHERE asset IS NOT NULL;

DELETE FROM mixpeek.rejects
WHERE
    endpoint = 'GET /assets/{id}/features'
    AND object_id IN (SELECT asset_id FROM landed_assets);

INSERT INTO mixpeek.rejects BY NAME
SELECT
    'GET /assets/{id}/features' AS endpoint,
    asset_id AS object_id,
    video_id,
    problem.reason,
    problem.excerpt,
    partition_date,
    run_id,
    now() AS loaded_at
FROM (SELECT *, unnest(problems) AS problem FROM landed_assets);

-- A feature that two assets list stays with the one that had it first.
INSERT INTO mixpeek.rejects BY NAME
SELECT
    'GET /assets/{id}/features' AS endpoint,
    listed.asset_id AS object_id,
    listed.video_id,
    'the feature ' || listed.feature_id || ' is that of another asset, ' || owner.asset_id AS reason,
    '' AS excerpt,
    listed.partition_date,
    listed.run_id,
    now() AS loaded_at
FROM (SELECT * EXCLUDE (features), unnest(features).feature_id AS feature_id FROM landed_assets) AS listed
INNER JOIN (
    SELECT
        landed.feature_id,
        coalesce(known.asset_id, landed.asset_id) AS asset_id
    FROM landed_features AS landed
    LEFT JOIN mixpeek.features AS known ON landed.feature_id = known.feature_id
) AS owner ON listed.feature_id = owner.feature_id
WHERE listed.asset_id != owner.asset_id;
