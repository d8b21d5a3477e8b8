-- Apply the events of submissions and polls. A settled task stays settled: neither a late answer
-- nor a file that is read twice reopens it.
CREATE OR REPLACE TEMP TABLE task_events AS
SELECT
    video_id,
    attempt,
    arg_max(task_id, seen_at) AS task_id,
    arg_max(status, seen_at) AS status,
    arg_max(state, seen_at) AS state,
    arg_max(asset_id, seen_at) AS asset_id,
    arg_max(error, seen_at) AS error,
    max(submitted_at) AS submitted_at,
    max(give_up_at) AS give_up_at,
    max(polled_at) AS polled_at,
    max(next_poll_at) AS next_poll_at,
    sum(polls) AS polls,
    max(settled_at) AS settled_at,
    arg_max(credits, seen_at) AS credits,
    arg_max(cost_usd, seen_at) AS cost_usd,
    arg_max(run_id, seen_at) AS run_id
FROM (
    SELECT *
    FROM read_json($files, format = 'newline_delimited', maximum_object_size = $longest, columns = $columns)
    -- Two pollers may read the same task: an answer from before its end may be written after the
    -- other's.
    QUALIFY
        seen_at <= coalesce(
            min(seen_at) FILTER (WHERE settled_at IS NOT NULL) OVER (PARTITION BY video_id, attempt),
            seen_at
        )
)
GROUP BY ALL;

-- A video was submitted again into its own asset: the landed rows of that asset are old.
CREATE OR REPLACE TEMP TABLE renewed_assets AS
SELECT event.asset_id
FROM task_events AS event
INNER JOIN mixpeek.tasks AS task ON event.video_id = task.video_id AND event.attempt = task.attempt
INNER JOIN mixpeek.assets AS asset ON event.asset_id = asset.asset_id AND event.video_id = asset.video_id
WHERE
    event.state IN ('done', 'skipped')
    AND task.settled_at IS NULL;

INSERT INTO mixpeek_internal.refetch_requests
SELECT
    'fetch asset' AS verb,
    asset_id AS object_id
FROM renewed_assets
UNION ALL
SELECT
    'fetch vectors' AS verb,
    feature_id AS object_id
FROM mixpeek.features
WHERE asset_id IN (SELECT asset_id FROM renewed_assets);

-- Delete the fulfilled requests to submit again.
DELETE FROM mixpeek_internal.refetch_requests
WHERE
    verb = 'submit'
    AND object_id IN (SELECT video_id FROM task_events WHERE state IN ('open', 'failed'));

UPDATE mixpeek.tasks AS task
SET
    task_id = coalesce(event.task_id, task.task_id),
    status = coalesce(event.status, task.status),
    state = coalesce(event.state, task.state),
    asset_id = coalesce(event.asset_id, task.asset_id),
    error = coalesce(event.error, task.error),
    submitted_at = coalesce(event.submitted_at, task.submitted_at),
    give_up_at = coalesce(event.give_up_at, task.give_up_at),
    polled_at = coalesce(event.polled_at, task.polled_at),
    next_poll_at = CASE WHEN event.settled_at IS NULL THEN event.next_poll_at END,
    polls = task.polls + event.polls,
    settled_at = event.settled_at,
    credits = coalesce(event.credits, task.credits),
    cost_usd = coalesce(event.cost_usd, task.cost_usd),
    run_id = coalesce(event.run_id, task.run_id),
    loaded_at = now()
FROM task_events AS event
WHERE
    task.video_id = event.video_id
    AND task.attempt = event.attempt
    AND task.settled_at IS NULL;

-- Delete submissions that the server refused for a reason other than the video (the key, the
-- credits).
DELETE FROM mixpeek.tasks
WHERE state = 'withdrawn';
