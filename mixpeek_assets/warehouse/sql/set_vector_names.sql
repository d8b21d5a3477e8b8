DELETE FROM mixpeek_internal.vector_names;

INSERT INTO mixpeek_internal.vector_names
SELECT
    known.vector_name,
    known.dimensions
FROM (SELECT unnest($known::STRUCT(vector_name VARCHAR, dimensions INTEGER)[]) AS known);
