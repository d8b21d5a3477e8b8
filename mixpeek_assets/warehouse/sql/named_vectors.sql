-- The dense named vectors, and whether each has one dimension. (The text of a view cannot
-- contain a zero byte.)
SELECT
    vector_name,
    min(dimensions) AS least,
    max(dimensions) AS most
FROM mixpeek.vectors
WHERE
    dimensions IS NOT NULL
    AND NOT contains(vector_name, chr(0))
GROUP BY vector_name;
