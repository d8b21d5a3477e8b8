-- Merge small files of a table into one, of 512 MB at most: whether there were any. One, so that a turn is short.
SELECT count(*)
FROM ducklake_merge_adjacent_files(current_database(), $table, schema => $schema, max_compacted_files => 1);
