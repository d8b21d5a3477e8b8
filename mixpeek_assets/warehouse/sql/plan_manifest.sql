-- The videos of a manifest, up to today, that are not in `videos` yet: each is to be submitted.
SELECT
    'submit' AS verb,
    mixpeek_internal.partition_of(manifest.added_at, $today) AS partition_date,
    'new' AS why,
    manifest.collection,
    count(*) AS items,
    0 AS tasks
FROM read_parquet($manifest) AS manifest
ANTI JOIN mixpeek.videos AS known ON manifest.video_id = known.video_id
WHERE
    mixpeek_internal.partition_of(manifest.added_at, $today) <= $today
    AND (
        $partitions IS NULL
        OR list_contains($partitions, mixpeek_internal.partition_of(manifest.added_at, $today))
    )
    AND mixpeek_internal.is_chosen(
        manifest.video_id, manifest.url, manifest.collection, $collections, $videos
    )
GROUP BY ALL
ORDER BY partition_date, collection;
