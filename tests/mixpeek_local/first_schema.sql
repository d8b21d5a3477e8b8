CREATE TABLE IF NOT EXISTS tasks (
    task_id VARCHAR PRIMARY KEY,
    asset_id VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    interval_sec REAL NOT NULL,
    skip_duplicate INTEGER NOT NULL,
    mode VARCHAR NOT NULL,               -- new, or contract b2's asset_update modes: replace, append
    status VARCHAR NOT NULL,             -- QUEUED, DOWNLOADING, PROCESSING, DONE, FAILED
    error VARCHAR,
    claim VARCHAR,                       -- the worker that is at it
    claimed_at REAL,                     -- seconds since 1970
    attempts INTEGER NOT NULL DEFAULT 0,
    updated_at VARCHAR NOT NULL
);

CREATE INDEX IF NOT EXISTS tasks_by_status ON tasks (status);

-- An asset's status, error and time of update are those of its latest task.
CREATE TABLE IF NOT EXISTS assets (
    asset_id VARCHAR PRIMARY KEY,
    task_id VARCHAR NOT NULL REFERENCES tasks,
    collection_id VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    metadata VARCHAR NOT NULL,           -- JSON
    modality VARCHAR NOT NULL DEFAULT 'video',
    file_hash VARCHAR,                   -- SHA-256 of the content
    file_data VARCHAR NOT NULL DEFAULT '{}', -- JSON
    interval_sec REAL,                   -- with file_hash and version: what makes two assets the same
    version VARCHAR,                     -- of the extraction
    duplicate_of VARCHAR,
    created_at VARCHAR NOT NULL
);

CREATE INDEX IF NOT EXISTS assets_by_content ON assets (file_hash, interval_sec, version);

CREATE TABLE IF NOT EXISTS features (
    feature_id VARCHAR PRIMARY KEY,
    asset_id VARCHAR NOT NULL REFERENCES assets,
    modality VARCHAR NOT NULL,
    start_time REAL NOT NULL,
    end_time REAL NOT NULL,
    interval_sec REAL NOT NULL,
    created_at VARCHAR NOT NULL
);

CREATE INDEX IF NOT EXISTS features_by_asset ON features (asset_id);

CREATE TABLE IF NOT EXISTS vectors (
    feature_id VARCHAR NOT NULL REFERENCES features ON DELETE CASCADE,
    name VARCHAR NOT NULL,
    embedding BLOB NOT NULL,             -- little-endian float32
    PRIMARY KEY (feature_id, name)
) WITHOUT ROWID;
