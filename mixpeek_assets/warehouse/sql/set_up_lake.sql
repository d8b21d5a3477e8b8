-- Row groups as large as those of the file. With DuckDB's 122,880 rows, 80,000 vectors of 512 floats took three times
-- as long to merge, and twice the memory, and one of their twenty days was read four times slower.
CALL ducklake_set_option(current_database(), 'parquet_row_group_size', 8192);
