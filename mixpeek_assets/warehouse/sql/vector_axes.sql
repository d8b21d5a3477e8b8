-- The axes of a named vector's codes, in order; without weights they are the vector's own.
SELECT weights
FROM mixpeek_internal.vector_axes
WHERE vector_name = $vector_name
ORDER BY axis;
