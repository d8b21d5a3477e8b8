-- Not of the embeddings, which are long, and in no condition.
ANALYZE mixpeek.vectors (feature_id, vector_name, dimensions, partition_date, collection, video_id);
ANALYZE mixpeek.features (feature_id, video_id);
ANALYZE mixpeek.videos (video_id);
