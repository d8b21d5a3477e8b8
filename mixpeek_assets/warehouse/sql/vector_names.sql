-- What searches know of the dense named vectors.
SELECT
    vector_name,
    dimensions
FROM mixpeek_internal.vector_names;
