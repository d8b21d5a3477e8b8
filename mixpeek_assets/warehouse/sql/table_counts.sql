-- The rows of every table.
SELECT
    (SELECT count(*) FROM mixpeek.videos) AS videos,
    (SELECT count(*) FROM mixpeek.tasks) AS tasks,
    (SELECT count(*) FROM mixpeek.assets) AS assets,
    (SELECT count(*) FROM mixpeek.features) AS features,
    (SELECT count(*) FROM mixpeek.vectors) AS vectors,
    (SELECT count(*) FROM mixpeek.rejects) AS rejects;
