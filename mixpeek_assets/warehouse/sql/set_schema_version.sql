-- Remember the version of the tables.
DELETE FROM mixpeek_internal.schema_version;

INSERT INTO mixpeek_internal.schema_version
VALUES ($version);
