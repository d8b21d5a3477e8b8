-- We hold the partition's lock, so these intents' writers are dead; the API may or may not have got
-- the requests.
UPDATE mixpeek.tasks
SET
    state = 'lost',
    error = '{"reason": "the process ended before the API answered; it may have accepted the video"}',
    settled_at = now(),
    loaded_at = now()
WHERE
    state = 'submitting'
    AND list_contains($partitions, partition_date);
