-- A few embeddings of each day, always the same ones, of the named vector with the most. They are
-- chosen by row first, so that the embeddings of the others are not read.
WITH largest AS (
    SELECT
        partition_date,
        vector_name,
        dimensions,
        frequency
    FROM (
        SELECT
            partition_date,
            vector_name,
            dimensions,
            count(*) AS frequency
        FROM mixpeek.vectors
        WHERE
            list_contains($days, partition_date)
            AND dimensions IS NOT NULL
        GROUP BY ALL
    )
    QUALIFY row_number() OVER (PARTITION BY partition_date ORDER BY frequency DESC, vector_name, dimensions) = 1
),

chosen AS (
    SELECT
        unnest(min_by(vector.rowid, (hash(vector.feature_id), vector.feature_id), $rows)) AS row_id,
        any_value(largest.frequency) AS frequency
    FROM mixpeek.vectors AS vector
    INNER JOIN largest
        ON
            vector.partition_date = largest.partition_date
            AND vector.vector_name = largest.vector_name
            AND vector.dimensions = largest.dimensions
    GROUP BY vector.partition_date
)

SELECT
    vector.partition_date,
    vector.vector_name,
    vector.dimensions,
    chosen.frequency AS vectors,
    vector.modality,
    video.url,
    coalesce(feature.payload ->> '$.preview_url', feature.payload ->> '$.thumbnail_url') AS preview_url,
    vector.embedding
FROM mixpeek.vectors AS vector
INNER JOIN chosen ON vector.rowid = chosen.row_id
LEFT JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE
    len(vector.embedding) = vector.dimensions
    AND isfinite(list_sum(vector.embedding))
ORDER BY vector.partition_date, hash(vector.feature_id), vector.feature_id;
