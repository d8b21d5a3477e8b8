-- The version of the tables; none in a file that is just being made.
SELECT coalesce(max(version), 0) AS version
FROM mixpeek_internal.schema_version;
