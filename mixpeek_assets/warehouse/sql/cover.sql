-- All vectors that were loaded until then have a code, and those that were loaded later may have none.
UPDATE mixpeek_internal.vector_indexes
SET covered_until = (
    SELECT
        coalesce(
            min(vector.loaded_at) FILTER (WHERE code.feature_id IS NULL) - INTERVAL 1 MICROSECOND,
            max(vector.loaded_at)
        )
    FROM mixpeek.vectors AS vector
    LEFT JOIN mixpeek_internal.codes_of_name AS code
        ON vector.feature_id = code.feature_id AND vector.loaded_at = code.loaded_at
    WHERE vector.vector_name = $vector_name AND vector.embedding IS NOT NULL
)
WHERE vector_name = $vector_name;
