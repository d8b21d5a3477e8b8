-- Where the videos of each partition and collection are: a funnel. The tables are not qualified:
-- see define_latest_tasks.sql.
CREATE OR REPLACE VIEW mixpeek.pipeline_status AS
WITH feature_counts AS (
    SELECT
        video_id,
        count(*) AS features
    FROM features
    GROUP BY video_id
),

vector_counts AS (
    SELECT
        video_id,
        count(*) AS vectors
    FROM vectors
    GROUP BY video_id
),

reject_counts AS (
    SELECT
        video_id,
        count(*) AS rejects
    FROM rejects
    WHERE video_id IS NOT NULL
    GROUP BY video_id
)

SELECT
    video.partition_date,
    video.collection,
    count(*) AS videos,
    count(*) FILTER (
        WHERE task.state IS NULL OR task.state = 'submitting' OR (task.state = 'lost' AND task.task_id IS NULL)
    ) AS unsubmitted,
    count(*) FILTER (WHERE task.state = 'open') AS pending,
    count(*) FILTER (WHERE task.state IN ('done', 'skipped') AND task.landed_at IS NULL) AS to_land,
    count(*) FILTER (WHERE task.landed_at IS NOT NULL) AS landed,
    count(*) FILTER (WHERE task.state IN ('failed', 'cancelled')) AS failed,
    count(*) FILTER (WHERE task.state = 'lost' AND task.task_id IS NOT NULL) AS lost,
    coalesce(sum(feature_counts.features), 0)::BIGINT AS features,
    coalesce(sum(vector_counts.vectors), 0)::BIGINT AS vectors,
    coalesce(sum(reject_counts.rejects), 0)::BIGINT AS rejects,
    round(count(task.landed_at) / count(*), 3) AS landed_ratio,
    count(task.landed_at) = count(*) AS complete,
    min(task.submitted_at) FILTER (WHERE task.state = 'open') AS oldest_open
FROM videos AS video
LEFT JOIN latest_tasks AS task ON video.video_id = task.video_id
LEFT JOIN feature_counts ON video.video_id = feature_counts.video_id
LEFT JOIN vector_counts ON video.video_id = vector_counts.video_id
LEFT JOIN reject_counts ON video.video_id = reject_counts.video_id
GROUP BY video.partition_date, video.collection;
