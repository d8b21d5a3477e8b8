-- Videos whose last task failed, was cancelled or lost.
SELECT arg_max(state, attempt) || ': ' || video_id AS example
FROM mixpeek.tasks
WHERE list_contains($partitions, partition_date)
GROUP BY video_id
HAVING arg_max(state, attempt) IN ('failed', 'cancelled', 'lost');
