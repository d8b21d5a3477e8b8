-- Replace the rejects of a manifest by its rows that name no usable video.
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
    -- A row that names no day that has come is of the day on which it was read.
    least(TRY_CAST(problem.day AS DATE), $now::TIMESTAMPTZ::DATE) AS partition_date,
    $run_id AS run_id,
    now() AS loaded_at
FROM (SELECT unnest($problems::STRUCT(object_id VARCHAR, reason VARCHAR, excerpt VARCHAR, day VARCHAR)[]) AS problem);
