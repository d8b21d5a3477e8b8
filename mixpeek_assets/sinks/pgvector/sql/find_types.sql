-- pgvector's types may be in any schema; until the transaction ends.
SELECT set_config('search_path', format('%I, pg_catalog', place.nspname), true)
FROM pg_extension AS extension
INNER JOIN pg_namespace AS place ON extension.extnamespace = place.oid
WHERE extension.extname = 'vector';
