-- The name by which people know a video: its file's, without the query of a URL, which may hold a key.
CREATE OR REPLACE MACRO mixpeek_internal.file_name(url) AS
coalesce(
    nullif(regexp_extract(regexp_replace(url, '[?#].*$', ''), '([^/]+)/*$', 1), ''),
    url
);
