-- Each row of the manifest as a video, with what is wrong with it, if anything.
CREATE TABLE checked AS
WITH typed AS (
    SELECT
        listed.line,
        coalesce(nullif(trim(listed.collection), ''), $collection) AS collection,
        coalesce(resolved.resolved, listed.url) AS url,
        nullif(trim(listed.metadata), '') AS metadata,
        nullif(trim(listed.added_at), '') AS added_text,
        TRY_CAST(listed.added_at AS TIMESTAMPTZ) AS added_at,
        resolved.problem AS path_problem
    FROM listed
    LEFT JOIN resolved ON listed.url = resolved.url
),

judged AS (
    SELECT
        *,
        CASE
            WHEN coalesce(url, '') = '' THEN 'has no url'
            WHEN path_problem IS NOT NULL THEN path_problem
            WHEN added_text IS NOT NULL AND NOT coalesce(isfinite(added_at), false)
                THEN 'added_at is ' || added_text || ', which is no date: write it as 2026-01-31 or 2026-01-31T12:00:00Z'
            WHEN added_at::DATE < $first_partition::DATE
                THEN 'added_at is before the first partition, ' || $first_partition
                    || ': set MIXPEEK_FIRST_PARTITION to an earlier day, or leave added_at empty'
            WHEN metadata IS NOT NULL AND coalesce(json_type(TRY_CAST(metadata AS JSON)), '') != 'OBJECT'
                THEN 'metadata is no JSON object'
        END AS problem
    FROM typed
)

SELECT
    left(sha256(collection || chr(10) || url), 32) AS video_id,
    collection,
    url,
    CASE WHEN problem IS NULL THEN metadata::JSON END AS metadata,
    $source AS source,
    added_at,
    line,
    problem,
    problem IS NULL AND row_number() OVER (PARTITION BY problem IS NULL, collection, url ORDER BY line) > 1 AS repeated
FROM judged;
