-- The tables as one collection sees them: a catalog in memory, of views with the names of the
-- tables. A query that is made in it finds the videos of the collection, and what is theirs.
CREATE SCHEMA one_collection.mixpeek;

CREATE SCHEMA one_collection.mixpeek_internal;

CREATE VIEW one_collection.mixpeek.videos AS
SELECT *
FROM warehouse.mixpeek.videos
WHERE collection = getvariable('seen_collection');

-- An asset that a video of another collection landed first is that one's.
CREATE VIEW one_collection.mixpeek.tasks AS
SELECT task.* REPLACE (
    CASE WHEN owner.collection IS NULL OR owner.collection = video.collection THEN task.asset_id END AS asset_id
)
FROM warehouse.mixpeek.tasks AS task
INNER JOIN one_collection.mixpeek.videos AS video ON task.video_id = video.video_id
LEFT JOIN warehouse.mixpeek.assets AS asset ON task.asset_id = asset.asset_id
LEFT JOIN warehouse.mixpeek.videos AS owner ON asset.video_id = owner.video_id;

CREATE VIEW one_collection.mixpeek.assets AS
SELECT asset.*
FROM warehouse.mixpeek.assets AS asset
SEMI JOIN one_collection.mixpeek.videos AS video ON asset.video_id = video.video_id;

CREATE VIEW one_collection.mixpeek.features AS
SELECT feature.*
FROM warehouse.mixpeek.features AS feature
SEMI JOIN one_collection.mixpeek.videos AS video ON feature.video_id = video.video_id;

-- With the row's own id, by which embedding_samples.sql chooses.
CREATE VIEW one_collection.mixpeek.vectors AS
SELECT
    vector.*,
    vector.rowid
FROM warehouse.mixpeek.vectors AS vector
SEMI JOIN one_collection.mixpeek.videos AS video ON vector.video_id = video.video_id;

-- A row of a manifest belongs to the collections whose videos the manifest lists; what belongs to
-- no video and no manifest is shown to all.
CREATE VIEW one_collection.mixpeek.rejects AS
SELECT reject.*
FROM warehouse.mixpeek.rejects AS reject
WHERE
    reject.video_id IN (SELECT video_id FROM one_collection.mixpeek.videos)
    OR (reject.video_id IS NULL AND reject.endpoint != 'manifest')
    OR EXISTS (
        SELECT 1
        FROM (SELECT DISTINCT source FROM one_collection.mixpeek.videos) AS manifest
        WHERE reject.endpoint = 'manifest' AND starts_with(reject.object_id, manifest.source || ' row ')
    );

CREATE VIEW one_collection.mixpeek_internal.refetch_requests AS
SELECT *
FROM warehouse.mixpeek_internal.refetch_requests;

-- A search of one collection is exact: what an index covers is not seen.
CREATE VIEW one_collection.mixpeek_internal.vector_indexes AS
SELECT *
FROM warehouse.mixpeek_internal.vector_indexes;

CREATE VIEW one_collection.mixpeek_internal.vector_names AS
SELECT *
FROM warehouse.mixpeek_internal.vector_names;
