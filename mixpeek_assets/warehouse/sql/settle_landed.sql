-- A task is landed once its asset is in `assets` or `rejects`, each feature has vectors or a row in
-- `rejects`, and none of them has a refetch request.
UPDATE mixpeek.tasks AS task
SET landed_at = now()
WHERE
    landed_at IS NULL
    AND asset_id IS NOT NULL
    AND state IN ('done', 'skipped')
    AND (
        asset_id IN (SELECT asset_id FROM mixpeek.assets)
        OR asset_id IN (SELECT rejected.asset_id FROM mixpeek_internal.rejected_assets AS rejected)
    )
    AND asset_id NOT IN (
        SELECT feature.asset_id
        FROM mixpeek.features AS feature
        -- Only of the waiting tasks, so that everything landed before is not joined again.
        SEMI JOIN mixpeek.tasks AS waiting ON waiting.landed_at IS NULL AND feature.asset_id = waiting.asset_id
        ANTI JOIN mixpeek.vectors AS vector ON feature.feature_id = vector.feature_id
        ANTI JOIN mixpeek_internal.rejected_features AS rejected ON feature.feature_id = rejected.feature_id
    )
    AND asset_id NOT IN (
        SELECT object_id FROM mixpeek_internal.refetch_requests WHERE verb = 'fetch asset'
    )
    AND asset_id NOT IN (
        SELECT feature.asset_id
        FROM mixpeek.features AS feature
        SEMI JOIN mixpeek_internal.refetch_requests AS wanted
            ON wanted.verb = 'fetch vectors' AND feature.feature_id = wanted.object_id
    );

-- Where a video was submitted again as another asset, the older one gives way once the newer has
-- landed, which is now, and is to be discarded on the API's side.
CREATE OR REPLACE TEMP TABLE superseded_assets AS
WITH newest AS (
    SELECT task.video_id, task.asset_id
    FROM mixpeek.tasks AS task
    INNER JOIN mixpeek.assets AS asset ON task.asset_id = asset.asset_id AND task.video_id = asset.video_id
    WHERE task.attempt > 1 AND task.state = 'done' AND task.landed_at = now()
    QUALIFY row_number() OVER (PARTITION BY task.video_id ORDER BY task.attempt DESC) = 1
)

SELECT DISTINCT asset.asset_id
FROM mixpeek.tasks AS earlier
INNER JOIN newest ON earlier.video_id = newest.video_id AND earlier.asset_id != newest.asset_id
INNER JOIN mixpeek.assets AS asset ON earlier.asset_id = asset.asset_id AND earlier.video_id = asset.video_id;

INSERT INTO mixpeek_internal.refetch_requests
SELECT
    'discard' AS verb,
    asset_id AS object_id
FROM superseded_assets;

DELETE FROM mixpeek.vectors
WHERE asset_id IN (SELECT asset_id FROM superseded_assets);

DELETE FROM mixpeek.features
WHERE asset_id IN (SELECT asset_id FROM superseded_assets);

DELETE FROM mixpeek.assets
WHERE asset_id IN (SELECT asset_id FROM superseded_assets);
