"""The vectors in PostgreSQL, searched by pgvector."""

from mixpeek_assets.sinks.pgvector.sink import PgVector

__all__ = ["PgVector"]
