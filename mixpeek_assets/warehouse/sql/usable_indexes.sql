-- The indexes that searches use, each with the key of its names: of a method, and of a name whose
-- vectors have one dimension, that of the index.
SELECT
    about.key,
    about.vector_name,
    about.dimensions,
    about.method = 'rotated signs' AS is_rotated,
    about.blocks,
    about.pool,
    (about.covered_until AT TIME ZONE 'UTC')::VARCHAR || '+00' AS covered_until
FROM mixpeek_internal.vector_indexes AS about
WHERE
    about.method != 'exact'
    AND (
        SELECT list(known.dimensions) = [about.dimensions]
        FROM mixpeek_internal.vector_names AS known
        WHERE known.vector_name = about.vector_name
    )
ORDER BY about.key;
