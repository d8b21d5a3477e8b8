-- Add the manifest's videos of these partitions. An undated video joins the day on which it is
-- first seen, so only a run of today's partition adds it; a video that is known keeps its
-- partition.
CREATE OR REPLACE TEMP TABLE listed AS
SELECT
    manifest.*,
    coalesce(known.partition_date, mixpeek_internal.partition_of(manifest.added_at, $now)) AS partition_date,
    known.video_id IS NULL AS is_new
FROM read_parquet($manifest) AS manifest
LEFT JOIN mixpeek.videos AS known ON manifest.video_id = known.video_id
WHERE
    list_contains(
        $partitions,
        coalesce(known.partition_date, mixpeek_internal.partition_of(manifest.added_at, $now))
    );

UPDATE mixpeek.videos AS video
SET
    metadata = listed.metadata,
    source = listed.source,
    run_id = $run_id,
    loaded_at = now()
FROM listed
WHERE
    video.video_id = listed.video_id
    AND (video.metadata, video.source) IS DISTINCT FROM (listed.metadata, listed.source);

INSERT INTO mixpeek.videos BY NAME
SELECT
    video_id,
    collection,
    url,
    metadata,
    source,
    coalesce(added_at, $now) AS added_at,
    partition_date,
    $run_id AS run_id,
    now() AS loaded_at
FROM listed
WHERE is_new;

SELECT count(*) AS added
FROM listed
WHERE is_new;
