"""What to ingest: a manifest (CSV, JSON, Parquet), a folder of videos, one video or one URL. No Dagster in here."""

from mixpeek_assets.sql_files import SqlFiles

SQL = SqlFiles(__name__)
