-- The local paths as URLs, or with their problems.
INSERT INTO resolved
SELECT
    unnest($urls::VARCHAR[]),
    unnest($resolved::VARCHAR[]),
    unnest($problems::VARCHAR[]);
