-- What a user writes.
SELECT feature_id
FROM mixpeek.nearest('benchmark', $query, k := $k);
