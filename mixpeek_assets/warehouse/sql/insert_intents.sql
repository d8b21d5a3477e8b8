-- The intent to submit, committed before the first byte leaves.
INSERT INTO mixpeek.tasks BY NAME
SELECT
    intent.video_id,
    intent.attempt::INTEGER AS attempt,
    'submitting' AS state,
    intent.why,
    $extractors AS extractors,
    $api AS api,
    0 AS polls,
    intent.partition_date::DATE AS partition_date,
    $run_id AS run_id,
    now() AS loaded_at
FROM (SELECT unnest($intents) AS intent);
