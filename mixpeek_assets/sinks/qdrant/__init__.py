"""Qdrant: a point a feature, with Mixpeek's named vectors as its own."""

from mixpeek_assets.sinks.qdrant.store import Qdrant

__all__ = ["Qdrant"]
