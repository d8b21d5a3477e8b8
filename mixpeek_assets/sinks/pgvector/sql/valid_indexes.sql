-- An index whose build somebody ended half way is not valid.
SELECT relation.relname
FROM pg_index AS index
INNER JOIN pg_class AS relation ON index.indexrelid = relation.oid
WHERE index.indrelid = 'mixpeek.vectors'::regclass AND index.indisvalid;
