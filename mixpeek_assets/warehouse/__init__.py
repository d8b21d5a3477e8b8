"""The DuckDB warehouse: tables as data, a queue of short transactions, landing files. No Dagster in here."""

from mixpeek_assets.sql_files import SqlFiles

SQL = SqlFiles(__name__)
