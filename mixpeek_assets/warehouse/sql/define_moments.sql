-- The features as people see them: when in which video, and what was heard, read and seen there.

CREATE OR REPLACE MACRO mixpeek_internal.timecode(seconds) AS
CASE
    WHEN seconds >= 3600 AND seconds < 1e9
        THEN format(
            '{}:{:02d}:{:02d}',
            trunc(seconds)::BIGINT // 3600, trunc(seconds)::BIGINT // 60 % 60, trunc(seconds)::BIGINT % 60
        )
    WHEN seconds >= 0 AND seconds < 1e9
        THEN format('{}:{:02d}', trunc(seconds)::BIGINT // 60, trunc(seconds)::BIGINT % 60)
END;

CREATE OR REPLACE MACRO mixpeek_internal.is_youtube(url) AS
regexp_matches(url, '^https?://([a-z]+\.)?(youtube\.com|youtu\.be)/', 'i');

-- Of the URL's own second or fragment there is nothing left.
CREATE OR REPLACE MACRO mixpeek_internal.before_second(url) AS
CASE
    WHEN mixpeek_internal.is_youtube(url)
        THEN regexp_replace(regexp_replace(url, '#.*$|&t=[^&#]*', '', 'g'), '\?t=[^&]*', '?')
            || CASE WHEN regexp_matches(url, '^[^#]*\?') THEN '&t=' ELSE '?t=' END
    ELSE regexp_replace(url, '#.*$', '') || '#t='
END;

-- A sentence that may have been misheard is told as a guess.
CREATE OR REPLACE MACRO mixpeek_internal.told(words, payload) AS
CASE WHEN (payload ->> '$.unsure') = 'true' THEN format('perhaps: "{}"', words) ELSE words END;

-- What depends on the video alone is made once a video. The tables are not qualified: see
-- define_latest_tasks.sql.
CREATE OR REPLACE VIEW mixpeek.moments AS
SELECT
    video.video,
    mixpeek_internal.timecode(feature.start_time) AS timecode,
    feature.modality,
    -- The local API has what is said in features of their own, whose text is the sentence.
    coalesce(
        feature.transcription,
        CASE
            WHEN feature.modality = 'text' AND (feature.payload ->> '$.source') = 'speech'
                THEN mixpeek_internal.told(feature.text, feature.payload)
        END
    ) AS heard,
    CASE
        WHEN feature.modality = 'text' AND (feature.payload ->> '$.source') = 'speech' THEN NULL
        ELSE feature.text
    END AS read,
    feature.description AS seen,
    CASE
        WHEN NOT coalesce(feature.start_time >= 0 AND feature.start_time < 1e9, FALSE) THEN video.url
        WHEN video.is_youtube THEN format('{}{:d}s', video.before_second, trunc(feature.start_time)::BIGINT)
        ELSE format('{}{:.1f}', video.before_second, feature.start_time)
    END AS link,
    video.collection,
    feature.start_time,
    feature.end_time,
    video.url,
    feature.feature_id,
    feature.asset_id,
    feature.video_id,
    feature.partition_date
FROM features AS feature
LEFT JOIN (
    SELECT
        video_id,
        collection,
        url,
        mixpeek_internal.file_name(url) AS video,
        mixpeek_internal.is_youtube(url) AS is_youtube,
        mixpeek_internal.before_second(url) AS before_second
    FROM videos
) AS video ON feature.video_id = video.video_id;
