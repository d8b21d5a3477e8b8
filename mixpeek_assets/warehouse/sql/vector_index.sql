-- What is known of a named vector's index.
SELECT
    key,
    dimensions,
    method,
    pool,
    recall,
    vectors,
    covered_until,
    mean
FROM mixpeek_internal.vector_indexes
WHERE vector_name = $vector_name;
