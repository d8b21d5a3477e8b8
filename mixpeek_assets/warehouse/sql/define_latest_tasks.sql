-- The last task of each video. DuckDB searches the view's own schema first, so it finds
-- `tasks` with any catalog name.
CREATE OR REPLACE VIEW mixpeek.latest_tasks AS
SELECT
    task.*,
    coalesce(task.error ->> '$.reason', task.error ->> '$.message', task.error ->> '$') AS reason
FROM tasks AS task
ANTI JOIN tasks AS later ON task.video_id = later.video_id AND task.attempt < later.attempt;
