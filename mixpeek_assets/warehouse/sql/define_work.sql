-- The work to do: videos to submit, assets to fetch, features to fetch.

-- The videos that need a submission: why, as which attempt, and how. A video whose task is open is
-- never among them, and one whose task is done only if other extractors are set or a user wants
-- it again (`refresh`, `retry`). A submission whose outcome is unknown (no task_id) is always
-- repeated, with skip_duplicate; a failed one only as often as allowed. `refresh` and
-- `resubmit_failed` skip what these runs have submitted.
CREATE OR REPLACE MACRO mixpeek_internal.submissions(
    allowed_attempts, wanted_extractors, refreshed, failed_again, these_runs, this_api
) AS TABLE
WITH history AS (
    SELECT
        video_id,
        count(*) FILTER (
            WHERE state IN ('failed', 'cancelled') OR (state = 'lost' AND task_id IS NOT NULL)
        ) AS failures,
        bool_or(state = 'lost') AS was_lost,
        arg_max(asset_id, attempt) FILTER (
            WHERE state IN ('done', 'skipped') AND coalesce(api = this_api, TRUE)
        ) AS asset_id
    FROM mixpeek.tasks
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
        coalesce(task.attempt, 0) + 1 AS attempt,
        coalesce(list_contains(these_runs, task.run_id), FALSE) AS is_of_these_runs,
        CASE
            WHEN task.state IS NULL THEN 'new'
            WHEN task.state IN ('open', 'submitting') THEN NULL
            WHEN task.state = 'lost' AND task.task_id IS NULL THEN 'answer lost'
            WHEN wanted.object_id IS NOT NULL AND task.state IN ('failed', 'cancelled', 'lost') THEN 'retry'
            WHEN refreshed AND NOT is_of_these_runs THEN 'refresh'
            WHEN wanted_extractors IS NOT NULL AND (task.extractors IS DISTINCT FROM wanted_extractors)
                THEN 'other extractors'
            WHEN
                task.state IN ('failed', 'cancelled', 'lost')
                AND (history.failures < allowed_attempts OR (failed_again AND NOT is_of_these_runs))
                THEN 'failed before'
        END AS why,
        task.state = 'lost' AS last_was_lost,
        history.was_lost,
        asset.asset_id AS own_asset_id
    FROM mixpeek.videos AS video
    LEFT JOIN mixpeek.latest_tasks AS task ON video.video_id = task.video_id
    LEFT JOIN history ON video.video_id = history.video_id
    LEFT JOIN mixpeek.assets AS asset ON history.asset_id = asset.asset_id AND video.video_id = asset.video_id
    LEFT JOIN (
        SELECT DISTINCT object_id
        FROM mixpeek_internal.refetch_requests
        WHERE verb = 'submit'
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
    -- True avoids paying twice, false repeats the work; null leaves the choice to the API (contract
    -- b8).
    CASE
        WHEN last_was_lost THEN TRUE
        WHEN why IN ('refresh', 'other extractors') THEN FALSE
        WHEN was_lost THEN TRUE
    END AS skip_duplicate,
    -- Replace the video's own asset, so that its rows stay with the video (contract b2,
    -- asset_update).
    own_asset_id AS replaces
FROM reasoned
WHERE why IS NOT NULL;

-- The assets of this API's settled tasks that are neither landed nor rejected, or have a refetch
-- request; with `refresh`, all of them. An asset that two videos share (contract b8: SKIPPED)
-- belongs to the video that landed it first.
CREATE OR REPLACE MACRO mixpeek_internal.assets_to_fetch(refreshed, this_api) AS TABLE
SELECT
    task.asset_id,
    arg_min(task.video_id, task.settled_at) AS video_id,
    arg_min(task.partition_date, task.settled_at) AS partition_date,
    min(task.settled_at) AS first_settled_at,
    max(task.settled_at) AS settled_at,
    arg_max(task.extractors, task.settled_at) AS extractors
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
            AND task.asset_id NOT IN (SELECT rejected.asset_id FROM mixpeek_internal.rejected_assets AS rejected)
        )
        OR task.asset_id IN (SELECT object_id FROM mixpeek_internal.refetch_requests WHERE verb = 'fetch asset')
    )
GROUP BY task.asset_id;

-- The features of this API's assets with neither vectors nor a reject, or with a refetch
-- request; with `refresh`, all.
CREATE OR REPLACE MACRO mixpeek_internal.features_to_fetch(refreshed, this_api) AS TABLE
SELECT
    feature.feature_id,
    feature.asset_id,
    feature.video_id,
    feature.modality,
    feature.start_time,
    feature.partition_date,
    feature.collection_id,
    task.settled_at,
    task.extractors
FROM mixpeek.features AS feature
LEFT JOIN (
    SELECT
        asset_id,
        max(settled_at) AS settled_at,
        arg_max(extractors, settled_at) AS extractors,
        bool_or(coalesce(api = this_api, TRUE)) AS is_here
    FROM mixpeek.tasks
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
                FROM mixpeek_internal.rejected_features AS rejected
                WHERE rejected.feature_id = feature.feature_id
            )
        )
        OR feature.feature_id IN (
            SELECT object_id FROM mixpeek_internal.refetch_requests WHERE verb = 'fetch vectors'
        )
    );
