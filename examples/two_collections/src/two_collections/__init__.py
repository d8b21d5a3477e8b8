"""A Dagster project with two collections of videos in one DuckDB file."""
