-- The hits of a search, best first, each with why it is one: the words, else what it looks or sounds like.
SELECT
    hit.score,
    parse_filename(video.url) AS video,
    feature.start_time,
    feature.modality,
    coalesce(
        CASE WHEN hit.by_words THEN coalesce(feature.words, feature.transcription) END,
        CASE
            -- A picture is found by what it shows, not by its sound.
            WHEN feature.modality IN ('video', 'image') AND feature.description ILIKE 'sounds like %' THEN NULL
            ELSE nullif(regexp_replace(feature.description, '(; |^)sounds like silence\b.*', '', 'i'), '')
        END,
        feature.transcription,
        CASE WHEN feature.modality = 'audio' THEN
            'nearest sound: ' || nullif(feature.payload ->> '$.sounds[0].label', 'Silence')
        END,
        'nearest label: ' || (feature.payload ->> '$.labels[0].label'),
        feature.words,
        CASE feature.modality
            WHEN 'audio' THEN 'similar sound'
            WHEN 'text' THEN 'similar text'
            ELSE 'similar picture'
        END
    ) AS found,
    moment.link,
    CASE
        WHEN feature.picture LIKE 'file://%' THEN url_decode(feature.picture)[8:]
        ELSE feature.picture
    END AS thumbnail,
    feature.end_time,
    feature.feature_id,
    video.url
FROM (
    SELECT unnest(
        $hits::STRUCT(rank BIGINT, feature_id VARCHAR, score DOUBLE, by_words BOOLEAN)[],
        recursive := TRUE
    )
) AS hit
INNER JOIN (
    SELECT
        *,
        mixpeek_internal.told(text, payload) AS words,
        coalesce(payload ->> '$.preview_url', payload ->> '$.thumbnail_url') AS picture
    FROM mixpeek.features
) AS feature ON hit.feature_id = feature.feature_id
INNER JOIN mixpeek.videos AS video ON feature.video_id = video.video_id
INNER JOIN mixpeek.moments AS moment ON hit.feature_id = moment.feature_id
ORDER BY hit.rank;
