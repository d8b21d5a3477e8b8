-- How many tasks of this API are open, and when the next is due.
SELECT
    count(*) AS tasks,
    min(next_poll_at) AS next_poll_at
FROM mixpeek.tasks
WHERE
    state = 'open'
    AND coalesce(api = $api, TRUE);
