-- Load replies of GET /assets/{id}/features. The newest reply of each asset counts.
CREATE OR REPLACE TEMP TABLE asset_replies AS
SELECT *
FROM read_json($files, format = 'newline_delimited', maximum_object_size = $longest, columns = $columns)
QUALIFY row_number() OVER (PARTITION BY asset_id ORDER BY fetched_at DESC) = 1;

-- Read by merge_features.sql.
CREATE OR REPLACE TEMP TABLE fetched_features AS
SELECT * REPLACE (TRY_CAST(created_at AS TIMESTAMPTZ) AS created_at)
FROM (
    SELECT
        asset_id,
        video_id,
        partition_date,
        run_id,
        unnest(feature)
    FROM (SELECT * EXCLUDE (features), unnest(features) AS feature FROM asset_replies)
    QUALIFY row_number() OVER (PARTITION BY feature.feature_id ORDER BY fetched_at DESC) = 1
);

DELETE FROM mixpeek_internal.refetch_requests
WHERE
    verb = 'fetch asset'
    AND object_id IN (SELECT asset_id FROM asset_replies);

-- Delete features that an asset no longer lists, with their vectors and rejects; an empty list
-- never means "there are none".
CREATE OR REPLACE TEMP TABLE unlisted_features AS
SELECT feature_id
FROM mixpeek.features
WHERE
    asset_id IN (SELECT asset_id FROM fetched_features)
    AND feature_id NOT IN (SELECT feature_id FROM fetched_features);

DELETE FROM mixpeek.vectors
WHERE feature_id IN (SELECT feature_id FROM unlisted_features);

DELETE FROM mixpeek.rejects
WHERE
    endpoint = mixpeek_internal.feature_endpoint()
    AND object_id IN (SELECT feature_id FROM unlisted_features);

DELETE FROM mixpeek_internal.refetch_requests
WHERE
    verb = 'fetch vectors'
    AND object_id IN (SELECT feature_id FROM unlisted_features);

DELETE FROM mixpeek.features
WHERE feature_id IN (SELECT feature_id FROM unlisted_features);

-- The rows of before, which row_counts.py compares and deletes. An unreadable reply has no asset, and its reason
-- in `problems`.
CREATE OR REPLACE TEMP TABLE known_assets AS
SELECT rowid AS place
FROM mixpeek.assets
WHERE asset_id IN (SELECT asset_id FROM asset_replies WHERE asset IS NOT NULL);

CREATE OR REPLACE TEMP MACRO fetched_assets() AS TABLE
SELECT
    * REPLACE (
        TRY_CAST(created_at AS TIMESTAMPTZ) AS created_at,
        TRY_CAST(updated_at AS TIMESTAMPTZ) AS updated_at
    ),
    now() AS loaded_at
FROM (
    SELECT
        asset_id,
        video_id,
        partition_date,
        run_id,
        (len(features) + len(problems))::INTEGER AS feature_count,
        unnest(asset)
    FROM asset_replies
    WHERE asset IS NOT NULL
);

INSERT INTO mixpeek.assets BY NAME
FROM fetched_assets();

DELETE FROM mixpeek.rejects
WHERE
    endpoint = mixpeek_internal.asset_endpoint()
    AND object_id IN (SELECT asset_id FROM asset_replies);

INSERT INTO mixpeek.rejects BY NAME
SELECT
    mixpeek_internal.asset_endpoint() AS endpoint,
    asset_id AS object_id,
    video_id,
    problem.reason,
    problem.excerpt,
    partition_date,
    run_id,
    now() AS loaded_at
FROM (SELECT *, unnest(problems) AS problem FROM asset_replies);

-- A feature that two assets list stays with the asset that had it first.
INSERT INTO mixpeek.rejects BY NAME
SELECT
    mixpeek_internal.asset_endpoint() AS endpoint,
    listed.asset_id AS object_id,
    listed.video_id,
    'the feature ' || listed.feature_id || ' belongs to another asset, ' || owner.asset_id AS reason,
    '' AS excerpt,
    listed.partition_date,
    listed.run_id,
    now() AS loaded_at
FROM (SELECT * EXCLUDE (features), unnest(features).feature_id AS feature_id FROM asset_replies) AS listed
INNER JOIN (
    SELECT
        fetched.feature_id,
        coalesce(known.asset_id, fetched.asset_id) AS asset_id
    FROM fetched_features AS fetched
    LEFT JOIN mixpeek.features AS known ON fetched.feature_id = known.feature_id
) AS owner ON listed.feature_id = owner.feature_id
WHERE listed.asset_id != owner.asset_id;

SELECT
    (SELECT count(*) FROM asset_replies WHERE asset IS NOT NULL AND coalesce(run_id = $run_id, TRUE)) AS fetched,
    (SELECT count(*) FROM known_assets) AS known,
    count(*) AS rejected
FROM mixpeek.rejects
WHERE
    endpoint = mixpeek_internal.asset_endpoint()
    AND object_id IN (SELECT asset_id FROM asset_replies)
    AND coalesce(run_id = $run_id, TRUE);
