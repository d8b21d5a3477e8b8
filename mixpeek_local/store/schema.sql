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
