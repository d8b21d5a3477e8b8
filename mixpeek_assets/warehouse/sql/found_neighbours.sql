SELECT found.similarity
FROM mixpeek_internal.nearest($vector_name, $query, $k, NULL, NULL, NULL, NULL, NULL) AS found;
