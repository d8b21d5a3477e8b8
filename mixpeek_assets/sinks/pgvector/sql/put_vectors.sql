-- Vectors that are there, with other content. An embedding that is equal stays where it is, and so does its entry in
-- the index.
UPDATE mixpeek.vectors AS held
SET
    embedding = CASE WHEN held.embedding IS DISTINCT FROM sent.embedding THEN sent.embedding ELSE held.embedding END,
    sparse_indices = sent.sparse_indices,
    sparse_values = sent.sparse_values,
    dimensions = sent.dimensions,
    partition_date = sent.partition_date,
    collection = sent.collection,
    video_id = sent.video_id,
    modality = sent.modality,
    digest = sent.digest
FROM sent_vectors AS sent
WHERE held.feature_id = sent.feature_id AND held.vector_name = sent.vector_name;
