-- Where each vector and its feature are now: DuckDB moves rows when it merges row groups.
UPDATE mixpeek_internal.codes_of_name AS code
SET place = vector.rowid
FROM mixpeek.vectors AS vector
WHERE
    vector.vector_name = $vector_name
    AND vector.feature_id = code.feature_id
    AND vector.rowid != code.place;

UPDATE mixpeek_internal.codes_of_name AS code
SET feature_place = feature.rowid
FROM mixpeek.features AS feature
WHERE
    feature.feature_id = code.feature_id
    AND feature.rowid IS DISTINCT FROM code.feature_place;
