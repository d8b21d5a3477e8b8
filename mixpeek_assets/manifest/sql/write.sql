-- The videos of the manifest, for the warehouse to take from.
COPY (
    SELECT * EXCLUDE (line, problem, repeated)
    FROM checked
    WHERE problem IS NULL AND NOT repeated
) TO $output (FORMAT parquet);
