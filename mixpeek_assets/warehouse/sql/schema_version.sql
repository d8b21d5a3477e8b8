-- The version of the tables, and the fingerprint of the declarations that made them.
SELECT
    coalesce(max(version), 0) AS version,
    max(fingerprint) AS fingerprint
FROM mixpeek_internal.schema_version;
