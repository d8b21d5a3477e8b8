-- The rows of a manifest that name no usable video, in place of those that it had when it was last
-- read.
DELETE FROM mixpeek.rejects
WHERE
    endpoint = 'manifest'
    AND starts_with(object_id, $source || ' row ');

INSERT INTO mixpeek.rejects BY NAME
SELECT
    'manifest' AS endpoint,
    problem.object_id,
    problem.reason,
    problem.excerpt,
    $now::TIMESTAMPTZ::DATE AS partition_date,
    $run_id AS run_id,
    now() AS loaded_at
FROM (SELECT unnest($problems::STRUCT(object_id VARCHAR, reason VARCHAR, excerpt VARCHAR)[]) AS problem);
