-- Delete Parquet files that no snapshot ever had, which a writer that died has left: how many.
SELECT count(*)
FROM ducklake_delete_orphaned_files(current_database(), older_than => $older_than);
