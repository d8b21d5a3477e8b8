-- Write the rows that are in PostgreSQL into files: how many files.
SELECT count(*)
FROM ducklake_flush_inlined_data(current_database());
