-- What is no http(s) URL.
SELECT DISTINCT url
FROM listed
WHERE
    url IS NOT NULL
    AND url != ''
    AND NOT regexp_matches(url, '^https?://[^/\s]+', 'i');
