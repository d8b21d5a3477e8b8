SELECT
    found.number,
    found.feature_id
FROM mixpeek_internal.nearest_each_exact($vector_name, $queries, $k) AS found;
