-- Version 1 kept requests to fetch again in another table, by endpoint.
INSERT INTO mixpeek_internal.refetch_requests
SELECT
    CASE endpoint
        WHEN 'POST /ingest/videos/url' THEN 'submit'
        WHEN 'GET /assets/{id}/features' THEN 'fetch asset'
        ELSE 'fetch vectors'
    END AS verb,
    object_id
FROM mixpeek_internal.wanted_again;

DROP TABLE mixpeek_internal.wanted_again;
