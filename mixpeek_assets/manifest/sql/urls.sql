-- A manifest of bare URLs.
CREATE TABLE listed AS
SELECT
    row_number() OVER () AS line,
    url,
    NULL::VARCHAR AS collection,
    NULL::VARCHAR AS metadata,
    NULL::VARCHAR AS added_at,
    NULL::VARCHAR AS unreadable
FROM (SELECT unnest($urls) AS url);
