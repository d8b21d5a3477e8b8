DELETE FROM mixpeek.vectors AS vector
USING unnest(%(features)s::text [], %(names)s::text []) AS gone (feature_id, vector_name)
WHERE vector.feature_id = gone.feature_id AND vector.vector_name = gone.vector_name;
