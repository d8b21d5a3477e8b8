-- Replies of one endpoint that could not be landed.
SELECT object_id || ': ' || reason AS example
FROM mixpeek.rejects
WHERE
    list_contains($partitions, partition_date)
    AND endpoint = $endpoint;
