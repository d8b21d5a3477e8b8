INSERT INTO mixpeek_internal.vector_axes BY NAME
SELECT
    $vector_name AS vector_name,
    unnest(one)
FROM (
    SELECT unnest(
        $axes::STRUCT(axis INTEGER, block INTEGER, mask BIGINT, threshold FLOAT, weights FLOAT[])[]
    ) AS one
);
