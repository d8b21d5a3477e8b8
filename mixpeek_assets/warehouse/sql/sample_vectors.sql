-- The same few vectors of a name, as long as its rows are the same.
CREATE OR REPLACE TEMP TABLE sampled AS
SELECT vector.rowid AS place
FROM mixpeek.vectors AS vector
WHERE vector.vector_name = $vector_name AND vector.embedding IS NOT NULL
ORDER BY hash(vector.feature_id)
LIMIT $rows;

SELECT
    vector.feature_id,
    vector.embedding
FROM sampled
INNER JOIN mixpeek.vectors AS vector ON sampled.place = vector.rowid
ORDER BY hash(vector.feature_id);
