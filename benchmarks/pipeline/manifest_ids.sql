-- Of a filled warehouse, the ids that a manifest with these videos would have led to.
CREATE OR REPLACE TEMP MACRO of_manifest(video_id) AS
left(sha256('example' || chr(10) || 'http://videos.test/' || split_part(video_id, '-', 2)), 32);

UPDATE mixpeek.videos SET video_id = of_manifest(video_id);

UPDATE mixpeek.tasks SET video_id = of_manifest(video_id);

UPDATE mixpeek.assets SET video_id = of_manifest(video_id);

UPDATE mixpeek.features SET video_id = of_manifest(video_id);
