-- The videos that need a submission: why, as which attempt, and how. A video whose task is open is never among them, and
-- one whose task is done only when other extractors are asked for, or when it is asked for again (`refresh`, `retry`).
-- A submission whose answer was lost (no task_id) is always repeated, with skip_duplicate; one that failed only as often
-- as is allowed. What these runs have submitted is not what a `refresh` or `resubmit_failed` of theirs means.
CREATE OR REPLACE TEMP MACRO submissions(allowed_attempts, settings, refreshed, failed_again, these_runs, this_api) AS TABLE
WITH history AS (
    SELECT
        video_id,
        max(attempt) AS attempts,
        arg_max(state, attempt) AS state,
        arg_max_null(task_id, attempt) AS task_id,
        arg_max_null(extractors, attempt) AS extractors,
        arg_max_null(run_id, attempt) AS run_id,
        count(*) FILTER (WHERE state IN ('failed', 'cancelled') OR (state = 'lost' AND task_id IS NOT NULL)) AS failures,
        bool_or(state = 'lost') AS was_lost,
        arg_max(asset_id, attempt) FILTER (WHERE state IN ('done', 'skipped') AND is_here) AS asset_id
    FROM (SELECT *, coalesce(api = this_api, TRUE) AS is_here FROM mixpeek.tasks)
    GROUP BY video_id
),

reasoned AS (
    SELECT
        video.video_id,
        video.collection,
        video.url,
        video.metadata,
        video.partition_date,
        video.added_at,
        coalesce(history.attempts, 0) + 1 AS attempt,
        CASE
            WHEN history.state IS NULL THEN 'new'
            WHEN history.state IN ('open', 'submitting') THEN NULL
            WHEN history.state = 'lost' AND history.task_id IS NULL THEN 'answer lost'
            WHEN wanted.object_id IS NOT NULL AND history.state IN ('failed', 'cancelled', 'lost') THEN 'retry'
            WHEN refreshed AND NOT coalesce(list_contains(these_runs, history.run_id), FALSE) THEN 'refresh'
            WHEN settings IS NOT NULL AND history.extractors IS DISTINCT FROM settings THEN 'other extractors'
            WHEN
                history.state IN ('failed', 'cancelled', 'lost')
                AND (history.failures < allowed_attempts OR (failed_again AND NOT coalesce(list_contains(these_runs, history.run_id), FALSE)))
                THEN 'failed before'
        END AS why,
        history.state = 'lost' AS last_was_lost,
        history.was_lost,
        asset.asset_id AS own_asset_id
    FROM mixpeek.videos AS video
    LEFT JOIN history ON video.video_id = history.video_id
    LEFT JOIN mixpeek.assets AS asset ON history.asset_id = asset.asset_id AND video.video_id = asset.video_id
    LEFT JOIN (
        SELECT DISTINCT object_id FROM mixpeek_internal.refetch_requests WHERE endpoint = 'POST /ingest/videos/url'
    ) AS wanted ON video.video_id = wanted.object_id
)

SELECT
    video_id,
    collection,
    url,
    metadata,
    partition_date,
    added_at,
    attempt,
    why,
    -- True never pays twice knowingly, false asks for the work to be done again; by default the API decides (contract b8).
    CASE
        WHEN last_was_lost THEN TRUE
        WHEN why IN ('refresh', 'other extractors') THEN FALSE
        WHEN was_lost THEN TRUE
    END AS skip_duplicate,
    -- What an asset of this video's own holds is replaced, so that its rows stay the video's (contract b2, asset_update).
    own_asset_id AS replaces
FROM reasoned
WHERE why IS NOT NULL;

-- The assets of this API's tasks that are over, and which are neither landed nor rejected, or are asked for again; when
-- refreshed, all of them. An asset that two videos share (contract b8: SKIPPED) belongs to the one that landed it first.
CREATE OR REPLACE TEMP MACRO needed_assets(refreshed, this_api) AS TABLE
SELECT
    task.asset_id,
    arg_min(task.video_id, task.settled_at) AS video_id,
    arg_min(task.partition_date, task.settled_at) AS partition_date,
    min(task.settled_at) AS first_settled_at,
    max(task.settled_at) AS settled_at
FROM mixpeek.tasks AS task
LEFT JOIN mixpeek.assets AS asset ON task.asset_id = asset.asset_id
WHERE
    task.state IN ('done', 'skipped')
    AND task.asset_id IS NOT NULL
    AND coalesce(task.api = this_api, TRUE)
    AND coalesce(asset.video_id = task.video_id, TRUE)
    AND (
        refreshed
        OR (
            asset.asset_id IS NULL
            AND task.asset_id NOT IN (
                SELECT object_id FROM mixpeek.rejects WHERE endpoint = 'GET /assets/{id}/features'
            )
        )
        OR task.asset_id IN (
            SELECT object_id FROM mixpeek_internal.refetch_requests WHERE endpoint = 'GET /assets/{id}/features'
        )
    )
GROUP BY task.asset_id;

-- The features of this API's assets with neither vectors nor a reject, or which are asked for again; when refreshed, all.
CREATE OR REPLACE TEMP MACRO needed_features(refreshed, this_api) AS TABLE
SELECT
    feature.feature_id,
    feature.asset_id,
    feature.video_id,
    feature.modality,
    feature.start_time,
    feature.partition_date,
    task.settled_at
FROM mixpeek.features AS feature
LEFT JOIN (
    SELECT
        asset_id,
        max(settled_at) AS settled_at,
        bool_or(is_here) AS is_here
    FROM (SELECT *, coalesce(api = this_api, TRUE) AS is_here FROM mixpeek.tasks)
    WHERE asset_id IS NOT NULL
    GROUP BY asset_id
) AS task ON feature.asset_id = task.asset_id
WHERE
    coalesce(task.is_here, TRUE)
    AND (
        refreshed
        OR (
            NOT EXISTS (SELECT 1 FROM mixpeek.vectors AS vector WHERE vector.feature_id = feature.feature_id)
            AND NOT EXISTS (
                SELECT 1
                FROM mixpeek.rejects AS reject
                WHERE reject.endpoint = 'GET /features/{id}' AND reject.object_id = feature.feature_id
            )
        )
        OR feature.feature_id IN (
            SELECT object_id FROM mixpeek_internal.refetch_requests WHERE endpoint = 'GET /features/{id}'
        )
    );
