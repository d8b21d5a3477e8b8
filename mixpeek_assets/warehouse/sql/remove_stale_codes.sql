-- The codes of vectors that are gone or have changed.
DELETE FROM mixpeek_internal.codes_of_name
WHERE rowid IN (
    SELECT code.rowid
    FROM mixpeek_internal.codes_of_name AS code
    ANTI JOIN (SELECT * FROM mixpeek.vectors WHERE vector_name = $vector_name) AS vector
        ON code.feature_id = vector.feature_id AND code.loaded_at = vector.loaded_at
);
