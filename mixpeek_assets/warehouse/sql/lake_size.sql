-- How large a lake is: what its newest snapshot has, and how many there are.
SELECT
    coalesce(sum(file_count + delete_file_count), 0)::BIGINT AS files,
    coalesce(sum(file_size_bytes + delete_file_size_bytes), 0)::BIGINT AS bytes,
    (SELECT count(*) FROM ducklake_snapshots(current_database())) AS snapshots
FROM ducklake_table_info(current_database());
