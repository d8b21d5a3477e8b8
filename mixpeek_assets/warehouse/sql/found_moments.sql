-- The hits of a search, best first, each with what made it one: the words, else what it looks or sounds like.
SELECT
    hit.score,
    parse_filename(video.url) AS video,
    feature.start_time,
    feature.modality,
    coalesce(
        -- Pictures and sounds are found by what they are, unless words were compared.
        CASE WHEN hit.by_words OR feature.modality = 'text' THEN feature.words END,
        CASE feature.modality WHEN 'audio' THEN 'sounds like ' ELSE 'looks like ' END || nullif(feature.classes, ''),
        -- These sentences, the local API's, are about more than what was compared.
        CASE
            WHEN NOT regexp_matches(feature.description, '^(sounds like|a voice says|the screen says) ', 'i')
                THEN feature.description
        END,
        concat_ws(
            '; ',
            CASE feature.modality
                WHEN 'audio' THEN 'similar sound'
                WHEN 'text' THEN 'similar text'
                ELSE 'similar picture'
            END,
            feature.words
        )
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
        -- The local API's pictures are files too, which stay when it ends.
        coalesce(
            payload ->> '$.preview_file', payload ->> '$.preview_url', payload ->> '$.thumbnail_url'
        ) AS picture,
        -- The likeliest with their scores: lighthouse 0.55, harbour 0.21.
        array_to_string(
            list_transform(
                list_filter(
                    CASE modality WHEN 'audio' THEN payload -> '$.sounds[*]' ELSE payload -> '$.labels[*]' END,
                    lambda class: lower(class ->> '$.label') != 'silence'
                )[:3],
                lambda class: concat_ws(
                    ' ', lower(class ->> '$.label'), printf('%.2f', try_cast(class ->> '$.score' AS DOUBLE))
                )
            ),
            ', '
        ) AS classes,
        regexp_replace(
            nullif(
                concat_ws(
                    '; ',
                    'said: "' || transcription || '"',
                    CASE
                        WHEN payload ->> '$.unsure' = 'true' THEN 'perhaps said: '
                        WHEN payload ->> '$.source' = 'speech' THEN 'said: '
                        WHEN payload ->> '$.source' = 'screen' OR modality != 'text' THEN 'on the screen: '
                        ELSE ''
                    END || '"' || text || '"'
                ),
                ''
            ),
            '\s+', ' ', 'g'
        ) AS words
    FROM mixpeek.features
) AS feature ON hit.feature_id = feature.feature_id
INNER JOIN mixpeek.videos AS video ON feature.video_id = video.video_id
INNER JOIN mixpeek.moments AS moment ON hit.feature_id = moment.feature_id
ORDER BY hit.rank;
