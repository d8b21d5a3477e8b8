-- The entries that are not http(s) URLs.
SELECT DISTINCT url
FROM listed
WHERE
    url IS NOT NULL
    AND url != ''
    AND NOT regexp_matches(url, '^https?://[^/\s]+', 'i');
