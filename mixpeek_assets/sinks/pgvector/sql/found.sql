-- What has the names of our tables, with its comment.
SELECT
    relation.relname,
    obj_description(relation.oid, 'pg_class')
FROM pg_class AS relation
INNER JOIN pg_namespace AS place ON relation.relnamespace = place.oid
WHERE place.nspname = 'mixpeek' AND relation.relname = any(%(tables)s);
