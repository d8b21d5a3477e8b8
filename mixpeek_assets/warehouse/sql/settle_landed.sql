-- A task is landed once its asset is in `assets` or `rejects`, and each feature has vectors or a row in `rejects`.
UPDATE mixpeek.tasks AS task
SET landed_at = now()
WHERE
    landed_at IS NULL
    AND asset_id IS NOT NULL
    AND state IN ('done', 'skipped')
    AND (
        asset_id IN (SELECT asset_id FROM mixpeek.assets)
        OR asset_id IN (SELECT object_id FROM mixpeek.rejects WHERE endpoint = 'GET /assets/{id}/features')
    )
    AND asset_id NOT IN (
        SELECT feature.asset_id
        FROM mixpeek.features AS feature
        ANTI JOIN mixpeek.vectors AS vector ON feature.feature_id = vector.feature_id
        ANTI JOIN mixpeek.rejects AS reject
            ON reject.endpoint = 'GET /features/{id}' AND feature.feature_id = reject.object_id
    );
