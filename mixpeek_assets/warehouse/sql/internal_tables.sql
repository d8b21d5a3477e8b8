-- The project's own state: the version of the tables, the loaded landing files, and the refetch
-- requests (`object_id` is a video's, an asset's or a feature's, depending on the verb); and the
-- names and dimensions of dense vectors, which a search would else count each time. The codes of a
-- vector index are in a table of its own (vector_index.py).
CREATE SCHEMA IF NOT EXISTS mixpeek;

CREATE SCHEMA IF NOT EXISTS mixpeek_internal;

CREATE TABLE IF NOT EXISTS mixpeek_internal.schema_version (version INTEGER);

ALTER TABLE mixpeek_internal.schema_version ADD COLUMN IF NOT EXISTS fingerprint VARCHAR;

CREATE TABLE IF NOT EXISTS mixpeek_internal.loaded_files (name VARCHAR);

CREATE TABLE IF NOT EXISTS mixpeek_internal.refetch_requests (verb VARCHAR, object_id VARCHAR);

CREATE TABLE IF NOT EXISTS mixpeek_internal.vector_names (vector_name VARCHAR, dimensions INTEGER);

CREATE TABLE IF NOT EXISTS mixpeek_internal.vector_indexes (
    key VARCHAR,
    vector_name VARCHAR,
    dimensions INTEGER,
    method VARCHAR,
    blocks INTEGER,
    pool INTEGER,
    recall DOUBLE,
    covered_until TIMESTAMPTZ,
    vectors BIGINT,
    built_at TIMESTAMPTZ,
    mean FLOAT[]
);

CREATE TABLE IF NOT EXISTS mixpeek_internal.vector_axes (
    vector_name VARCHAR,
    axis INTEGER,
    block INTEGER,
    mask BIGINT,
    threshold FLOAT,
    weights FLOAT[]
);
