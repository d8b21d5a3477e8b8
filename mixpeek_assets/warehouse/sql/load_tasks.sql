-- Apply what submissions and polls have told of tasks. A settled task stays as it is: an answer that comes late, or a
-- file that is read again, cannot take it back.
UPDATE mixpeek.tasks AS task
SET
    task_id = coalesce(event.task_id, task.task_id),
    status = coalesce(event.status, task.status),
    state = coalesce(event.state, task.state),
    asset_id = coalesce(event.asset_id, task.asset_id),
    error = coalesce(event.error, task.error),
    submitted_at = coalesce(event.submitted_at, task.submitted_at),
    polled_at = coalesce(event.polled_at, task.polled_at),
    next_poll_at = CASE WHEN event.settled_at IS NULL THEN event.next_poll_at END,
    polls = task.polls + event.polls,
    settled_at = event.settled_at,
    run_id = coalesce(event.run_id, task.run_id),
    loaded_at = now()
FROM (
    SELECT
        video_id,
        attempt,
        arg_max(task_id, seen_at) AS task_id,
        arg_max(status, seen_at) AS status,
        arg_max(state, seen_at) AS state,
        arg_max(asset_id, seen_at) AS asset_id,
        arg_max(error, seen_at) AS error,
        max(submitted_at) AS submitted_at,
        max(polled_at) AS polled_at,
        max(next_poll_at) AS next_poll_at,
        sum(polls) AS polls,
        max(settled_at) AS settled_at,
        arg_max(run_id, seen_at) AS run_id
    FROM (
        SELECT *
        FROM read_json(
            $files,
            format = 'newline_delimited',
            maximum_object_size = $largest,
            columns = {
                video_id: 'VARCHAR',
                attempt: 'INTEGER',
                seen_at: 'TIMESTAMPTZ',
                task_id: 'VARCHAR',
                status: 'VARCHAR',
                state: 'VARCHAR',
                asset_id: 'VARCHAR',
                error: 'JSON',
                submitted_at: 'TIMESTAMPTZ',
                polled_at: 'TIMESTAMPTZ',
                next_poll_at: 'TIMESTAMPTZ',
                polls: 'INTEGER',
                settled_at: 'TIMESTAMPTZ',
                run_id: 'VARCHAR'
            }
        )
        -- Two pollers may have read a task: what one heard before it was over can be written after the other's answer.
        QUALIFY
            seen_at <= coalesce(
                min(seen_at) FILTER (WHERE settled_at IS NOT NULL) OVER (PARTITION BY video_id, attempt),
                seen_at
            )
    )
    GROUP BY ALL
) AS event
WHERE
    task.video_id = event.video_id
    AND task.attempt = event.attempt
    AND task.settled_at IS NULL;

-- A submission that the server refused for a reason that is not the video's (the key, the credits) never was.
DELETE FROM mixpeek.tasks
WHERE state = 'withdrawn';
