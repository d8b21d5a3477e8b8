-- The tables of a lake that have gathered many files; of tables of one name in several schemas, all.
SELECT DISTINCT
    known.schema_name,
    known.table_name
FROM ducklake_table_info(current_database()) AS info
INNER JOIN duckdb_tables() AS known ON info.table_name = known.table_name
WHERE known.database_name = current_database() AND info.file_count + info.delete_file_count > $most
ORDER BY ALL;
