-- The pgvector of this database, and the one that its server could turn on.
SELECT
    (SELECT extension.extversion FROM pg_extension AS extension WHERE extension.extname = 'vector') AS installed,
    (SELECT offer.default_version FROM pg_available_extensions AS offer WHERE offer.name = 'vector') AS available;
