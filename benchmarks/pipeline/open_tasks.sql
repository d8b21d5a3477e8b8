-- No task of a filled warehouse is over; they became due one after the other, in a random order.
UPDATE mixpeek.tasks
SET
    state = 'open',
    status = 'PROCESSING',
    settled_at = NULL,
    api = $api,
    submitted_at = now() - INTERVAL 30 MINUTE,
    give_up_at = now() + INTERVAL 1 DAY,
    next_poll_at = CASE
        WHEN $due
            THEN now() - INTERVAL 1 HOUR
                + (hash(task_id) % 1_000_000)::INTEGER * INTERVAL 1 MILLISECOND
        ELSE now() + INTERVAL 5 MINUTE
    END;
