-- The tables, each with the mark of `tables.MARK` in its comment.
CREATE SCHEMA IF NOT EXISTS mixpeek;

-- Room in each page: an update of what is in no index stays there, and touches no index.
CREATE TABLE IF NOT EXISTS mixpeek.vectors (
    feature_id text NOT NULL,
    vector_name text NOT NULL,
    embedding vector,
    sparse_indices integer [],
    sparse_values real [],
    dimensions integer,
    partition_date date NOT NULL,
    collection text,
    video_id text,
    modality text,
    digest bigint NOT NULL,
    PRIMARY KEY (feature_id, vector_name)
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS mixpeek.features (
    feature_id text PRIMARY KEY,
    video_id text,
    asset_id text,
    modality text,
    start_time double precision,
    end_time double precision,
    text text,
    transcription text,
    description text,
    metadata jsonb
);

CREATE TABLE IF NOT EXISTS mixpeek.videos (
    video_id text PRIMARY KEY,
    collection text,
    url text,
    metadata jsonb
);

CREATE INDEX IF NOT EXISTS vectors_partition_date ON mixpeek.vectors (partition_date);
CREATE INDEX IF NOT EXISTS features_video_id ON mixpeek.features (video_id);

CREATE OR REPLACE VIEW mixpeek.moments AS
SELECT
    vector.feature_id,
    vector.vector_name,
    vector.embedding,
    vector.dimensions,
    vector.partition_date,
    vector.collection,
    vector.modality,
    vector.video_id,
    video.url,
    feature.start_time,
    feature.end_time,
    feature.text,
    feature.transcription,
    feature.description,
    feature.metadata,
    video.metadata AS video_metadata
FROM mixpeek.vectors AS vector
LEFT JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id;

COMMENT ON TABLE mixpeek.vectors IS
'mixpeek_assets, layout 1: a row is one named vector of a feature. It is a copy that each run brings up to date.';
COMMENT ON COLUMN mixpeek.vectors.feature_id IS 'The Mixpeek feature.';
COMMENT ON COLUMN mixpeek.vectors.vector_name IS 'The named vector, e.g. multimodal.';
COMMENT ON COLUMN mixpeek.vectors.embedding IS 'The vector, when dense.';
COMMENT ON COLUMN mixpeek.vectors.sparse_indices IS 'The places of a sparse vector that are not 0, from 0 on.';
COMMENT ON COLUMN mixpeek.vectors.sparse_values IS 'The numbers at these places.';
COMMENT ON COLUMN mixpeek.vectors.dimensions IS
'Length of embedding; null for a sparse vector. Each index is of one name and length, so a query says both.';
COMMENT ON COLUMN mixpeek.vectors.partition_date IS 'The UTC day on which the video was added.';
COMMENT ON COLUMN mixpeek.vectors.collection IS 'The Mixpeek collection of the video.';
COMMENT ON COLUMN mixpeek.vectors.video_id IS 'The video that it was made of.';
COMMENT ON COLUMN mixpeek.vectors.modality IS 'Such as video, image or text.';
COMMENT ON COLUMN mixpeek.vectors.digest IS
'A hash of the row with its feature and video: what is equal is not sent again.';

COMMENT ON TABLE mixpeek.features IS
'mixpeek_assets, layout 1: a row is a moment of a video. It is a copy that each run brings up to date.';
COMMENT ON COLUMN mixpeek.features.feature_id IS 'The Mixpeek feature.';
COMMENT ON COLUMN mixpeek.features.video_id IS 'The video that it was made of.';
COMMENT ON COLUMN mixpeek.features.asset_id IS 'The Mixpeek asset that it is of.';
COMMENT ON COLUMN mixpeek.features.modality IS 'Such as video, image or text.';
COMMENT ON COLUMN mixpeek.features.start_time IS 'Seconds into the video.';
COMMENT ON COLUMN mixpeek.features.end_time IS 'Seconds into the video.';
COMMENT ON COLUMN mixpeek.features.text IS 'Text read in the picture, or the text itself.';
COMMENT ON COLUMN mixpeek.features.transcription IS 'Words heard.';
COMMENT ON COLUMN mixpeek.features.description IS 'What is seen.';
COMMENT ON COLUMN mixpeek.features.metadata IS 'As the API sent it.';

COMMENT ON TABLE mixpeek.videos IS
'mixpeek_assets, layout 1: a row is a video. It is a copy that each run brings up to date.';
COMMENT ON COLUMN mixpeek.videos.video_id IS 'A hash of collection and url.';
COMMENT ON COLUMN mixpeek.videos.collection IS 'The Mixpeek collection of the video.';
COMMENT ON COLUMN mixpeek.videos.url IS 'Where it is.';
COMMENT ON COLUMN mixpeek.videos.metadata IS 'From the manifest.';

COMMENT ON VIEW mixpeek.moments IS
'mixpeek_assets, layout 1: a row is one named vector with its moment and its video.';
