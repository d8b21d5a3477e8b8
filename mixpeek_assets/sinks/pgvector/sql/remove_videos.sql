DELETE FROM mixpeek.videos AS video
WHERE
    video.video_id = any(%(videos)s)
    AND NOT EXISTS (SELECT FROM mixpeek.features AS feature WHERE feature.video_id = video.video_id);
