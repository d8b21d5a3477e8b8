-- Features that are new or differ.
INSERT INTO mixpeek.features AS held
SELECT DISTINCT ON (sent.feature_id) sent.*
FROM sent_features AS sent
ORDER BY sent.feature_id
ON CONFLICT (feature_id) DO UPDATE SET
video_id = excluded.video_id,
asset_id = excluded.asset_id,
modality = excluded.modality,
start_time = excluded.start_time,
end_time = excluded.end_time,
text = excluded.text,
transcription = excluded.transcription,
description = excluded.description,
metadata = excluded.metadata
WHERE held IS DISTINCT FROM excluded;
