"""The DuckDB warehouse: tables as data, a queue of short transactions, landing files. No Dagster in here."""
