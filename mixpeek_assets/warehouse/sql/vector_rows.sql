-- The vectors of a day with their moments and videos, as sinks are sent them, in the order of their keys.
WITH
moments AS (
    SELECT
        vector.feature_id,
        vector.vector_name,
        vector.sparse,
        vector.dimensions,
        vector.partition_date,
        video.collection,
        vector.video_id,
        video.url,
        vector.asset_id,
        vector.modality,
        feature.start_time,
        feature.end_time,
        feature.text,
        feature.transcription,
        feature.description,
        feature.metadata::VARCHAR AS metadata,
        video.metadata::VARCHAR AS video_metadata,
        vector.embedding
    FROM mixpeek.vectors AS vector
    LEFT JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
    LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
    WHERE vector.partition_date = $day
)

SELECT
    moment.feature_id,
    moment.vector_name,
    moment.embedding,
    moment.sparse,
    moment.dimensions,
    moment.partition_date,
    moment.collection,
    moment.video_id,
    moment.url,
    moment.asset_id,
    moment.modality,
    moment.start_time,
    moment.end_time,
    moment.text,
    moment.transcription,
    moment.description,
    moment.metadata,
    moment.video_metadata,
    -- Of what is not the embedding, whose bytes are hashed where they are at hand.
    (md5_number_lower(to_json({
        feature_id: moment.feature_id,
        vector_name: moment.vector_name,
        sparse: moment.sparse,
        partition_date: moment.partition_date,
        collection: moment.collection,
        video_id: moment.video_id,
        url: moment.url,
        asset_id: moment.asset_id,
        modality: moment.modality,
        start_time: moment.start_time,
        end_time: moment.end_time,
        text: moment.text,
        transcription: moment.transcription,
        description: moment.description,
        metadata: moment.metadata,
        video_metadata: moment.video_metadata
    })::VARCHAR)::HUGEINT - 9223372036854775808)::BIGINT AS digest
FROM moments AS moment
ORDER BY moment.feature_id, moment.vector_name;
