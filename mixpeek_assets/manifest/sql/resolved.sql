-- What has become of the local paths.
INSERT INTO resolved
SELECT
    unnest($urls::VARCHAR[]),
    unnest($resolved::VARCHAR[]),
    unnest($problems::VARCHAR[]);
