-- Remember the version and the fingerprint.
DELETE FROM mixpeek_internal.schema_version;

INSERT INTO mixpeek_internal.schema_version
VALUES ($version, $fingerprint);
