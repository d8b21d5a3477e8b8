-- Features with neither vectors nor a row in `rejects` that says why; a feature that landed after
-- the run planned its requests belongs to the next run.
SELECT
    feature.partition_date,
    coalesce(mixpeek_internal.file_name(video.url), feature.video_id) AS video,
    'missing' AS state,
    'the vectors of feature ' || feature.feature_id || ' are not landed' AS reason
FROM mixpeek.features AS feature
ANTI JOIN mixpeek.vectors AS vector ON feature.feature_id = vector.feature_id
ANTI JOIN mixpeek_internal.rejected_features AS rejected ON feature.feature_id = rejected.feature_id
LEFT JOIN mixpeek.videos AS video ON feature.video_id = video.video_id
WHERE
    list_contains($partitions, feature.partition_date)
    AND feature.loaded_at <= $planned_at;
