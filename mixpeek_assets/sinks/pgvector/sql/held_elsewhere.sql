-- The keys of some features, of whatever day.
SELECT
    vector.feature_id,
    vector.vector_name
FROM mixpeek.vectors AS vector
WHERE vector.feature_id = any(%(features)s);
