-- What is sent and may be there already.
CREATE TEMP TABLE sent_vectors (LIKE mixpeek.vectors) ON COMMIT DROP;
CREATE TEMP TABLE sent_features (LIKE mixpeek.features) ON COMMIT DROP;
CREATE TEMP TABLE sent_videos (
    video_id text,
    collection text,
    url text,
    video_metadata jsonb
) ON COMMIT DROP;
