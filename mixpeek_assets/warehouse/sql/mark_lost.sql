-- We hold the partition's lock, so these intents' writers are dead; the API may or may not have got
-- the requests. Where the API lets a submission go on, only those to another API are lost.
UPDATE mixpeek.tasks
SET
    state = 'lost',
    error = '{"reason": "the process ended before the API answered; it may have accepted the video"}',
    settled_at = now(),
    loaded_at = now()
WHERE
    state = 'submitting'
    AND NOT ($resumes AND coalesce(api = $api, TRUE))
    AND list_contains($partitions, partition_date);
