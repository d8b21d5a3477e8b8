-- Each row of the manifest as a video, with what is wrong with it, if anything; with
-- $only_collection, without the usable rows of other collections.
CREATE TABLE checked AS
WITH typed AS (
    SELECT
        listed.line,
        coalesce(nullif(trim(listed.collection), ''), $collection) AS collection,
        coalesce(resolved.resolved, listed.url) AS url,
        nullif(trim(listed.metadata), '') AS metadata,
        nullif(trim(listed.added_at), '') AS added_text,
        TRY_CAST(listed.added_at AS TIMESTAMPTZ) AS added_at,
        resolved.problem AS path_problem,
        listed.unreadable
    FROM listed
    LEFT JOIN resolved ON listed.url = resolved.url
),

judged AS (
    SELECT
        *,
        CASE
            WHEN unreadable IS NOT NULL THEN unreadable
            WHEN coalesce(url, '') = '' THEN 'has no url'
            WHEN path_problem IS NOT NULL THEN left(path_problem, 500)
            -- Servers refuse longer URLs, and Mixpeek longer names of collections.
            WHEN length(url) > 8000 THEN 'url is longer than 8,000 characters'
            WHEN length(collection) > 1000 THEN 'collection is longer than 1,000 characters'
            WHEN added_text IS NOT NULL AND NOT coalesce(isfinite(added_at), FALSE)
                THEN 'added_at is ' || left(added_text, 100)
                    || ', which is no date: write it as 2026-01-31 or 2026-01-31T12:00:00Z'
            WHEN added_at >= '9999-12-31'::TIMESTAMPTZ
                THEN 'added_at is ' || left(added_text, 100) || ', which is after the year 9999'
            WHEN added_at::DATE < $first_partition::DATE
                THEN 'added_at is before the earliest day, ' || $first_partition
                    || ': set MIXPEEK_FIRST_PARTITION to an earlier day, or leave added_at empty'
            -- DuckDB accepts more as JSON than a server does, so Python checks it too.
            WHEN metadata IS NOT NULL AND coalesce(json_type(TRY_CAST(metadata AS JSON)), '') != 'OBJECT'
                THEN 'metadata is not a JSON object'
            WHEN metadata IS NOT NULL AND flaw_of_json(metadata) != ''
                THEN 'metadata is not a JSON object: ' || flaw_of_json(metadata)
        END AS problem
    FROM typed
)

SELECT
    video_id_of(collection, url) AS video_id,
    collection,
    url,
    CASE WHEN problem IS NULL THEN metadata::JSON END AS metadata,
    $source AS source,
    added_at,
    line,
    problem,
    problem IS NULL AND row_number() OVER (PARTITION BY problem IS NULL, collection, url ORDER BY line) > 1 AS repeated
FROM judged
WHERE NOT $only_collection OR collection = $collection OR problem IS NOT NULL;
