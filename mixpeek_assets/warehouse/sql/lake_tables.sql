-- The tables of a lake, with how many files of rows and of deletions they have; of tables of one name in several
-- schemas, which DuckLake does not tell apart here, the most.
SELECT
    known.schema_name,
    known.table_name,
    max(info.file_count)::BIGINT AS files,
    max(info.delete_file_count)::BIGINT AS delete_files
FROM ducklake_table_info(current_database()) AS info
INNER JOIN duckdb_tables() AS known ON info.table_name = known.table_name
WHERE known.database_name = current_database()
GROUP BY ALL
ORDER BY ALL;
