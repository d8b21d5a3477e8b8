-- Videos whose tasks are done; with features, also their assets and features, without vectors.
CREATE OR REPLACE TEMP TABLE made AS
SELECT
    number,
    'video-' || number AS video_id,
    'asset-' || number AS asset_id,
    $day::DATE + (number // $a_day)::INTEGER AS partition_date,
    'benchmark' AS run_id,
    now() AS loaded_at,
    now() - INTERVAL 1 DAY AS yesterday
FROM (SELECT unnest(range($first::BIGINT, $first::BIGINT + $videos::BIGINT)) AS number);

INSERT INTO mixpeek.videos BY NAME
SELECT
    * EXCLUDE (number, asset_id, yesterday),
    'example' AS collection,
    'http://videos.test/' || number AS url,
    partition_date::TIMESTAMPTZ AS added_at
FROM made;

INSERT INTO mixpeek.tasks BY NAME
SELECT
    * EXCLUDE (number, yesterday),
    1 AS attempt,
    'task-' || number AS task_id,
    'done' AS state,
    'DONE' AS status,
    1 AS polls,
    yesterday AS submitted_at,
    yesterday AS polled_at,
    yesterday AS settled_at
FROM made;

INSERT INTO mixpeek.assets BY NAME
SELECT
    * EXCLUDE (number, yesterday),
    'task-' || number AS task_id,
    'DONE' AS status,
    'video' AS modality,
    $features AS feature_count,
    '{}' AS payload
FROM made
WHERE $features > 0;

INSERT INTO mixpeek.features BY NAME
SELECT
    * EXCLUDE (number, place, yesterday),
    'feature-' || number || '-' || place AS feature_id,
    'video' AS modality,
    place AS start_time,
    place + 1 AS end_time,
    json_object('feature_id', 'feature-' || number || '-' || place, 'modality', 'video') AS payload
FROM (SELECT *, unnest(range($features::BIGINT)) AS place FROM made);
