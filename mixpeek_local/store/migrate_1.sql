-- From the first schema, whose tasks and assets had an interval and whose features had nothing but
-- vectors.
DROP INDEX assets_by_content;
ALTER TABLE tasks ADD COLUMN collection_id VARCHAR NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN settings VARCHAR NOT NULL DEFAULT '{}';
ALTER TABLE tasks ADD COLUMN progress REAL NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN created_at VARCHAR NOT NULL DEFAULT '';
UPDATE tasks SET
    collection_id = coalesce((SELECT collection_id FROM assets WHERE assets.asset_id = tasks.asset_id), ''),
    settings = json_object('interval_sec', interval_sec),
    created_at = updated_at;
ALTER TABLE tasks DROP COLUMN interval_sec;
-- What the old version made is no source of copies: its vectors mean something else.
ALTER TABLE assets DROP COLUMN interval_sec;
ALTER TABLE assets ADD COLUMN settings VARCHAR;
ALTER TABLE assets ADD COLUMN namespace VARCHAR NOT NULL DEFAULT 'default';
ALTER TABLE assets ADD COLUMN metadata_changed_at VARCHAR;
ALTER TABLE features ADD COLUMN details VARCHAR NOT NULL DEFAULT '{}';
ALTER TABLE features ADD COLUMN preview VARCHAR;
ALTER TABLE features ADD COLUMN metadata VARCHAR NOT NULL DEFAULT '{}';
UPDATE features SET metadata = (SELECT metadata FROM assets WHERE assets.asset_id = features.asset_id);
UPDATE features SET details = json_object('interval_sec', interval_sec) WHERE modality = 'video';
ALTER TABLE features DROP COLUMN interval_sec;
-- A table without row ids holds its blobs in the tree of its keys, which made a look-up slow.
CREATE TABLE new_vectors (
    feature_id VARCHAR NOT NULL REFERENCES features ON DELETE CASCADE,
    name VARCHAR NOT NULL,
    embedding BLOB NOT NULL,
    PRIMARY KEY (feature_id, name)
);
INSERT INTO new_vectors SELECT feature_id, name, embedding FROM vectors;
DROP TABLE vectors;
ALTER TABLE new_vectors RENAME TO vectors;
