-- Make the next runs retry the rows of `retry_candidates`.
UPDATE mixpeek.tasks AS task
SET
    state = 'open',
    error = NULL,
    settled_at = NULL,
    next_poll_at = now(),
    give_up_at = now() + $deadline::INTERVAL,
    loaded_at = now()
FROM retry_candidates AS candidate
WHERE
    candidate.verb = 'poll'
    AND task.video_id = candidate.video_id
    AND task.attempt = candidate.attempt
    AND task.state = 'lost';

INSERT INTO mixpeek_internal.refetch_requests
SELECT DISTINCT
    verb,
    object_id
FROM retry_candidates
WHERE verb != 'poll';

UPDATE mixpeek.tasks
SET landed_at = NULL
WHERE
    landed_at IS NOT NULL
    AND asset_id IN (SELECT asset_id FROM retry_candidates);
