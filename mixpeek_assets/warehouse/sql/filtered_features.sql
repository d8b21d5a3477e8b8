-- Of some features ($ids) those in the tables, each with whether it passes the filters of a search; null lets all pass.
SELECT
    feature.feature_id,
    ($collections IS NULL OR list_contains($collections::VARCHAR[], video.collection))
    AND ($modalities IS NULL OR list_contains($modalities::VARCHAR[], feature.modality))
    AND ($since IS NULL OR feature.partition_date >= $since::DATE)
    AND ($until IS NULL OR feature.partition_date <= $until::DATE)
    AND ($among IS NULL OR list_contains($among::VARCHAR[], feature.feature_id)) AS passes
FROM mixpeek.features AS feature
INNER JOIN mixpeek.videos AS video ON feature.video_id = video.video_id
WHERE list_contains($ids::VARCHAR[], feature.feature_id);
