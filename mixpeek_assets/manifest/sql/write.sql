-- The videos of the manifest, as the warehouse reads them.
COPY (
    SELECT * EXCLUDE (line, problem, repeated)
    FROM checked
    WHERE problem IS NULL AND NOT repeated
) TO $output (FORMAT parquet);
