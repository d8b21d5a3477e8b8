-- Write the files of a table again of which more than a tenth is deleted: how many of them.
SELECT count(*)
FROM ducklake_rewrite_data_files(current_database(), $table, schema => $schema, delete_threshold => 0.1);
