DELETE FROM mixpeek.features AS feature
WHERE
    feature.feature_id = any(%(features)s)
    AND NOT EXISTS (SELECT FROM mixpeek.vectors AS vector WHERE vector.feature_id = feature.feature_id);
