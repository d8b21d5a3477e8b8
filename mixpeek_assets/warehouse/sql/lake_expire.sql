-- Forget snapshots: how many.
SELECT count(*)
FROM ducklake_expire_snapshots(current_database(), older_than => $older_than);
