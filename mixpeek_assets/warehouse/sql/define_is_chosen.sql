-- Whether a video is among the chosen: of one of the collections, and with one of the texts as its id or in its
-- URL. Null chooses all.
CREATE OR REPLACE MACRO mixpeek_internal.is_chosen(id, url, collection, collections, videos) AS
(collections IS NULL OR list_contains(collections, collection))
AND (
    videos IS NULL
    OR list_contains(videos, id)
    OR len(list_filter(videos, lambda part: contains(url, part))) > 0
);
