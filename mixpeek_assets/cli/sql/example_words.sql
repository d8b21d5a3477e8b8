-- Words that were found in the videos of a manifest, to search for: said, else read on the screen, else a label.
WITH candidates AS (
    SELECT
        CASE WHEN feature.payload ->> '$.source' = 'screen' THEN 2 ELSE 1 END AS place,
        -- Of a long sentence the first six words: enough to find it, and short enough to type.
        CASE
            WHEN length(feature.text) > 45 THEN rtrim(regexp_extract(feature.text, '^\s*(\S+\s+){5}\S+'), ',')
            ELSE feature.text
        END AS words,
        length(feature.text) > 45 AS is_part,
        feature.start_time,
        feature.video_id
    FROM mixpeek.features AS feature
    WHERE feature.modality = 'text' AND (feature.payload ->> '$.unsure') IS DISTINCT FROM 'true'

    UNION ALL

    SELECT
        3 AS place,
        label.label AS words,
        FALSE AS is_part,
        feature.start_time,
        feature.video_id
    FROM mixpeek.features AS feature, unnest(
        from_json(feature.payload -> '$.labels', '[{"label": "VARCHAR", "score": "DOUBLE"}]')
    ) AS _ (label)
    WHERE label.score >= 0.35
)

SELECT candidate.words
FROM candidates AS candidate
SEMI JOIN read_parquet($manifest) AS manifest ON candidate.video_id = manifest.video_id
-- Letters, and what a shell reads in quotes as it stands.
WHERE regexp_full_match(candidate.words, '[\pL\pN ,.''?-]{4,60}') AND regexp_matches(candidate.words, '\pL{3}')
ORDER BY candidate.place, candidate.is_part, candidate.start_time, candidate.video_id
LIMIT 1;
