-- A few videos of each day, of those added last.
WITH chosen AS (
    SELECT unnest(max_by(video_id, (loaded_at, hash(video_id)), $rows)) AS video_id
    FROM mixpeek.videos
    WHERE list_contains($days, partition_date)
    GROUP BY partition_date
)

SELECT
    partition_date,
    url AS video,
    collection,
    metadata,
    added_at AS added,
    video_id
FROM mixpeek.videos
SEMI JOIN chosen ON videos.video_id = chosen.video_id
ORDER BY partition_date, url;
