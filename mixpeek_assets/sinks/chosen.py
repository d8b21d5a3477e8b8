"""Which sinks the settings choose; the packages of a store are imported when it is opened, and not before."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from mixpeek_assets.postgres import Postgres
from mixpeek_assets.settings import Settings
from mixpeek_assets.sinks.errors import SinkError
from mixpeek_assets.sinks.port import Sink


@dataclass(frozen=True)
class ChosenSink:
    """A sink that is to be kept up to date.

    Attributes:
        name: The asset is `<name>_vectors`.
        place: Where it is, without a password.
        kinds: What the UI calls it, at most three.
        open: Returns it.
    """

    name: str
    place: str
    kinds: frozenset[str]
    open: Callable[[], Sink]

    @classmethod
    def of(cls, sink: Sink) -> "ChosenSink":
        """Return a sink of somebody's own."""
        return cls(sink.name, sink.place, frozenset(), lambda: sink)


@dataclass(frozen=True)
class Shipped:
    """A store that comes with the project.

    Attributes:
        name: Its name, which is that of its extra too.
        example: What its setting may be.
        kinds: What the UI calls it.
        make: Opens it, given its own setting and all.
    """

    name: str
    example: str
    kinds: frozenset[str]
    make: Callable[[Any, Settings], Sink]

    @property
    def variable(self) -> str:
        """The variable that turns it on."""
        return f"MIXPEEK_SINK_{self.name.upper()}"

    def chosen(self, settings: Settings) -> ChosenSink | None:
        """Return the sink as the settings choose it; None: they do not."""
        value: SecretStr | str | None = getattr(settings, f"sink_{self.name}")
        if value is None:
            return None
        place = _postgres(value).place if isinstance(value, SecretStr) else value
        return ChosenSink(self.name, place, self.kinds, lambda: self._opened(value, settings))

    def _opened(self, value: SecretStr | str, settings: Settings) -> Sink:
        try:
            return self.make(value, settings)
        except ImportError as error:
            raise SinkError(
                f"{self.variable} is set, and the package {error.name} is not installed: make sinks, or"
                f" pip install 'mixpeek-assets[{self.name}]'"
            ) from None


def chosen_sinks(settings: Settings) -> list[ChosenSink]:
    """Return the sinks that the settings choose."""
    return [chosen for store in SHIPPED if (chosen := store.chosen(settings))]


def _postgres(url: SecretStr) -> Postgres:
    return Postgres(url, "MIXPEEK_SINK_PGVECTOR", "pgvector")


def _pgvector(url: SecretStr, settings: Settings) -> Sink:
    from mixpeek_assets.sinks.pgvector import PgVector

    return PgVector(_postgres(url), settings.seen_collection)


def _lancedb(place: str, settings: Settings) -> Sink:
    from mixpeek_assets.sinks.lance import Lance

    return Lance(place, settings.seen_collection)


def _qdrant(place: str, settings: Settings) -> Sink:
    from mixpeek_assets.sinks.qdrant import Qdrant

    return Qdrant(place, settings.sink_qdrant_key, settings.seen_collection)


def _parquet(place: str, settings: Settings) -> Sink:
    from mixpeek_assets.sinks.parquet import ParquetFiles

    return ParquetFiles(place, settings.seen_collection)


SHIPPED = (
    Shipped(
        "pgvector",
        "postgresql://user:password@host:5432/database",
        frozenset({"postgres", "pgvector"}),
        _pgvector,
    ),
    Shipped("lancedb", "data/lancedb, or s3://bucket/prefix", frozenset({"lancedb"}), _lancedb),
    Shipped("qdrant", "http://127.0.0.1:6333", frozenset({"qdrant"}), _qdrant),
    Shipped("parquet", "data/parquet, or s3://bucket/prefix", frozenset({"parquet"}), _parquet),
)
"""The stores, in the order in which they are listed."""
