SELECT
    vector.rowid AS place,
    vector.embedding
FROM to_encode
INNER JOIN mixpeek.vectors AS vector ON to_encode.place = vector.rowid
WHERE to_encode.part = $part;
