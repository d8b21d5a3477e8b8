-- A manifest of bare URLs.
CREATE TABLE listed AS
SELECT
    row_number() OVER () AS line,
    url,
    NULL::VARCHAR AS collection,
    NULL::VARCHAR AS metadata,
    NULL::VARCHAR AS added_at
FROM (SELECT unnest($urls) AS url);
