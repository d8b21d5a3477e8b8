-- Many queries in one statement.
SELECT
    query,
    feature_id
FROM mixpeek.nearest_each('benchmark', $queries, k := $k);
