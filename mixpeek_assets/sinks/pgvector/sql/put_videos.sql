-- Videos that are new or differ.
INSERT INTO mixpeek.videos AS held (video_id, collection, url, metadata)
SELECT DISTINCT ON (sent.video_id)
    sent.video_id,
    sent.collection,
    sent.url,
    sent.video_metadata
FROM sent_videos AS sent
ORDER BY sent.video_id
ON CONFLICT (video_id) DO UPDATE SET
collection = excluded.collection,
url = excluded.url,
metadata = excluded.metadata
WHERE held IS DISTINCT FROM excluded;
