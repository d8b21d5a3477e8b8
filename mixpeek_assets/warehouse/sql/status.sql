-- Where the videos of each partition and collection are.
WITH feature_counts AS (
    SELECT
        video_id,
        count(*) AS features
    FROM mixpeek.features
    GROUP BY video_id
),

vector_counts AS (
    SELECT
        video_id,
        count(*) AS vectors
    FROM mixpeek.vectors
    GROUP BY video_id
),

reject_counts AS (
    SELECT
        video_id,
        count(*) AS rejects
    FROM mixpeek.rejects
    WHERE video_id IS NOT NULL
    GROUP BY video_id
)

SELECT
    video.partition_date,
    video.collection,
    count(*) AS videos,
    count(*) FILTER (WHERE task.state IS NULL OR (task.task_id IS NULL AND task.state IN ('submitting', 'lost')))
        AS unsubmitted,
    count(*) FILTER (WHERE task.state = 'open') AS pending,
    count(*) FILTER (WHERE task.state IN ('done', 'skipped') AND task.landed_at IS NULL) AS to_land,
    count(*) FILTER (WHERE task.landed_at IS NOT NULL) AS landed,
    count(*) FILTER (WHERE task.state IN ('failed', 'cancelled')) AS failed,
    count(*) FILTER (WHERE task.state = 'lost' AND task.task_id IS NOT NULL) AS lost,
    coalesce(sum(feature_counts.features), 0)::BIGINT AS features,
    coalesce(sum(vector_counts.vectors), 0)::BIGINT AS vectors,
    coalesce(sum(reject_counts.rejects), 0)::BIGINT AS rejects
FROM mixpeek.videos AS video
LEFT JOIN mixpeek.latest_tasks AS task ON video.video_id = task.video_id
LEFT JOIN feature_counts ON video.video_id = feature_counts.video_id
LEFT JOIN vector_counts ON video.video_id = vector_counts.video_id
LEFT JOIN reject_counts ON video.video_id = reject_counts.video_id
GROUP BY video.partition_date, video.collection
ORDER BY video.partition_date, video.collection;
