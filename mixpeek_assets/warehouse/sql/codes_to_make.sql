-- The vectors without a code, in parts that fit in memory.
CREATE OR REPLACE TEMP TABLE to_encode AS
SELECT
    vector.rowid AS place,
    (row_number() OVER (ORDER BY vector.rowid) - 1) // $batch AS part
FROM mixpeek.vectors AS vector
ANTI JOIN mixpeek_internal.codes_of_name AS code
    ON vector.feature_id = code.feature_id AND vector.loaded_at = code.loaded_at
WHERE
    vector.vector_name = $vector_name
    AND vector.embedding IS NOT NULL
    AND coalesce(list_contains($partitions::DATE[], vector.partition_date), TRUE);

SELECT
    count(*) AS vectors,
    coalesce(max(part) + 1, 0) AS parts
FROM to_encode;
