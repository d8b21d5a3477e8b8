-- Vectors that are there, with other content. An embedding that is equal stays where it is, and so does its entry in
-- the index.
INSERT INTO mixpeek.vectors AS held
SELECT sent.*
FROM sent_vectors AS sent
ON CONFLICT (feature_id, vector_name) DO UPDATE SET
embedding = CASE
    WHEN held.embedding IS DISTINCT FROM excluded.embedding THEN excluded.embedding
    ELSE held.embedding
END,
sparse_indices = excluded.sparse_indices,
sparse_values = excluded.sparse_values,
dimensions = excluded.dimensions,
partition_date = excluded.partition_date,
collection = excluded.collection,
video_id = excluded.video_id,
modality = excluded.modality,
digest = excluded.digest;
