CREATE TABLE IF NOT EXISTS tasks (
    task_id VARCHAR PRIMARY KEY,
    asset_id VARCHAR NOT NULL,
    collection_id VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    settings VARCHAR NOT NULL,           -- JSON: ExtractionSettings
    skip_duplicate INTEGER NOT NULL,
    mode VARCHAR NOT NULL,               -- new, or contract b2's asset_update modes: replace, append
    status VARCHAR NOT NULL,             -- QUEUED, DOWNLOADING, PROCESSING, DONE, FAILED, SKIPPED, CANCELLED
    progress REAL NOT NULL DEFAULT 0,    -- 0 to 1
    error VARCHAR,
    claim VARCHAR,                       -- the worker that is at it
    claimed_at REAL,                     -- seconds since 1970
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at VARCHAR NOT NULL,
    updated_at VARCHAR NOT NULL
);

CREATE INDEX IF NOT EXISTS tasks_by_status ON tasks (status);

-- An asset's status, error and time of update are those of its latest task, unless its metadata
-- changed later.
CREATE TABLE IF NOT EXISTS assets (
    asset_id VARCHAR PRIMARY KEY,
    task_id VARCHAR NOT NULL REFERENCES tasks,
    namespace VARCHAR NOT NULL DEFAULT 'default',
    collection_id VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    metadata VARCHAR NOT NULL,           -- JSON
    modality VARCHAR NOT NULL DEFAULT 'video',
    file_hash VARCHAR,                   -- SHA-256 of the content
    file_data VARCHAR NOT NULL DEFAULT '{}', -- JSON
    settings VARCHAR,                    -- with file_hash and version: what makes two assets the same
    version VARCHAR,                     -- of the extraction
    duplicate_of VARCHAR,
    created_at VARCHAR NOT NULL,
    metadata_changed_at VARCHAR
);

CREATE INDEX IF NOT EXISTS assets_by_content ON assets (file_hash, settings, version);
CREATE INDEX IF NOT EXISTS assets_by_collection ON assets (namespace, collection_id);

CREATE TABLE IF NOT EXISTS features (
    feature_id VARCHAR PRIMARY KEY,
    asset_id VARCHAR NOT NULL REFERENCES assets,
    modality VARCHAR NOT NULL,
    start_time REAL NOT NULL,
    end_time REAL NOT NULL,
    details VARCHAR NOT NULL DEFAULT '{}', -- JSON: text, transcription, description, labels and more
    metadata VARCHAR NOT NULL DEFAULT '{}', -- JSON: the asset's when it was made, until it is changed
    preview VARCHAR,                     -- name of a file in the folder of previews; copies share it
    created_at VARCHAR NOT NULL
);

CREATE INDEX IF NOT EXISTS features_by_asset ON features (asset_id);
CREATE INDEX IF NOT EXISTS features_by_preview ON features (preview) WHERE preview IS NOT NULL;

CREATE TABLE IF NOT EXISTS vectors (
    feature_id VARCHAR NOT NULL REFERENCES features ON DELETE CASCADE,
    name VARCHAR NOT NULL,
    embedding BLOB NOT NULL,             -- little-endian float32
    PRIMARY KEY (feature_id, name)
);

-- The style `documents`: what its callers make. Its work is rows of `assets` and `tasks` above.
CREATE TABLE IF NOT EXISTS namespaces (
    namespace_id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL UNIQUE,
    extractors VARCHAR NOT NULL,         -- JSON list: feature_extractors as sent
    payload_indexes VARCHAR NOT NULL,    -- JSON list
    ttl_seconds INTEGER,
    created_at VARCHAR NOT NULL,
    expires_at VARCHAR
);

CREATE TABLE IF NOT EXISTS buckets (
    bucket_id VARCHAR PRIMARY KEY,
    namespace_id VARCHAR NOT NULL REFERENCES namespaces ON DELETE CASCADE,
    name VARCHAR NOT NULL,
    bucket_schema VARCHAR NOT NULL,      -- JSON
    metadata VARCHAR NOT NULL,           -- JSON
    created_at VARCHAR NOT NULL,
    UNIQUE (namespace_id, name)
);

CREATE TABLE IF NOT EXISTS objects (
    object_id VARCHAR PRIMARY KEY,
    bucket_id VARCHAR NOT NULL REFERENCES buckets ON DELETE CASCADE,
    idempotency_key VARCHAR,
    blobs VARCHAR NOT NULL,              -- JSON list
    fields VARCHAR NOT NULL,             -- JSON: the caller's own
    created_at VARCHAR NOT NULL,
    updated_at VARCHAR NOT NULL,
    UNIQUE (bucket_id, idempotency_key)
);

CREATE TABLE IF NOT EXISTS collections (
    collection_id VARCHAR PRIMARY KEY,
    namespace_id VARCHAR NOT NULL REFERENCES namespaces ON DELETE CASCADE,
    name VARCHAR NOT NULL,
    bucket_ids VARCHAR NOT NULL,         -- JSON list: its source
    extractor VARCHAR NOT NULL,          -- JSON: feature_extractor as sent, with defaults
    passthrough VARCHAR NOT NULL,        -- JSON list: names of an object's fields that its documents have too
    created_at VARCHAR NOT NULL,
    UNIQUE (namespace_id, name)
);

-- A batch has no status of its own: it is that of its tasks.
CREATE TABLE IF NOT EXISTS batches (
    batch_id VARCHAR PRIMARY KEY,
    bucket_id VARCHAR NOT NULL REFERENCES buckets ON DELETE CASCADE,
    namespace_id VARCHAR NOT NULL,
    name VARCHAR,
    metadata VARCHAR NOT NULL,           -- JSON
    object_ids VARCHAR NOT NULL,         -- JSON list
    collection_ids VARCHAR,              -- JSON list; null until it is submitted: all that take from the bucket
    dedup VARCHAR NOT NULL,              -- skip, replace, force
    task_id VARCHAR UNIQUE,              -- of the batch as a whole, from when it is submitted
    submitted_at VARCHAR,
    canceled_at VARCHAR,
    created_at VARCHAR NOT NULL
);

CREATE INDEX IF NOT EXISTS batches_by_bucket ON batches (bucket_id);

CREATE TABLE IF NOT EXISTS batch_items (
    batch_id VARCHAR NOT NULL REFERENCES batches ON DELETE CASCADE,
    object_id VARCHAR NOT NULL,
    collection_id VARCHAR NOT NULL,
    task_id VARCHAR REFERENCES tasks,    -- null: skipped, because the object has documents
    PRIMARY KEY (batch_id, object_id, collection_id)
);

-- The assets whose features are an object's documents in a collection; more than one where a batch was forced.
CREATE TABLE IF NOT EXISTS object_assets (
    asset_id VARCHAR PRIMARY KEY REFERENCES assets ON DELETE CASCADE,
    object_id VARCHAR NOT NULL,
    collection_id VARCHAR NOT NULL
);

CREATE INDEX IF NOT EXISTS object_assets_by_object ON object_assets (object_id, collection_id);
CREATE INDEX IF NOT EXISTS object_assets_by_collection ON object_assets (collection_id);

-- The earlier eras: namespaces and collections that were created by name, with or without assets in them.
CREATE TABLE IF NOT EXISTS made_namespaces (
    name VARCHAR PRIMARY KEY,
    vectors VARCHAR NOT NULL,            -- JSON list: the named vectors it was created for
    payload_indexes VARCHAR,             -- JSON list
    created_at VARCHAR NOT NULL
);

CREATE TABLE IF NOT EXISTS made_collections (
    namespace VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    metadata VARCHAR NOT NULL,           -- JSON
    created_at VARCHAR NOT NULL,
    updated_at VARCHAR NOT NULL,
    PRIMARY KEY (namespace, name)
);
