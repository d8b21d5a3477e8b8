-- Delete files that the last snapshot with them has left: how many.
SELECT count(*)
FROM ducklake_cleanup_old_files(current_database(), older_than => $older_than);
