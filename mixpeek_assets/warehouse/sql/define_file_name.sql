-- The name by which people know a video: its file's, without what of a URL may be secret (user, password, query).
CREATE OR REPLACE MACRO mixpeek_internal.file_name(url) AS
url_decode(
    regexp_extract(
        regexp_replace(regexp_replace(url, '[?#].*$', ''), '^([a-zA-Z][a-zA-Z0-9+.-]*://)[^/]*@', '\1'), '([^/]+)/*$', 1
    )
);
