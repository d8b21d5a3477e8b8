SELECT
    min(found.similarity) AS least,
    count(found.similarity) AS neighbours
FROM mixpeek_internal.nearest_exact($vector_name, $query, $k, NULL, NULL, NULL, NULL, NULL) AS found;
