SELECT
    count(*) FILTER (WHERE code.feature_id IS NULL) AS without_code,
    count(*) FILTER (WHERE vector.feature_id IS NULL) AS without_vector
FROM (SELECT * FROM mixpeek.vectors WHERE vector_name = $vector_name AND embedding IS NOT NULL) AS vector
FULL JOIN mixpeek_internal.codes_of_name AS code
    ON vector.feature_id = code.feature_id AND vector.loaded_at = code.loaded_at;
