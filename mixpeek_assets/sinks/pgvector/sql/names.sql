-- How many vectors there are of each name and length, of all collections and of ours.
SELECT
    vector.vector_name,
    vector.dimensions,
    count(*) AS vectors,
    count(*) FILTER (WHERE %(collection)s::text IS NULL OR vector.collection = %(collection)s::text) AS ours
FROM mixpeek.vectors AS vector
WHERE vector.dimensions IS NOT NULL
GROUP BY vector.vector_name, vector.dimensions;
