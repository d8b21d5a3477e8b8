"""Which sinks the settings choose; the packages of a store are imported when it is opened, and not before."""

from collections.abc import Callable
from dataclasses import dataclass

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
        variable: The setting that turns it on, and what it may be.
        example: Such a value.
    """

    name: str
    variable: str
    example: str
    kinds: frozenset[str]
    choose: Callable[[Settings], tuple[str, Callable[[], Sink]] | None]

    def chosen(self, settings: Settings) -> ChosenSink | None:
        """Return the sink as the settings choose it; None: they do not."""
        found = self.choose(settings)
        if found is None:
            return None
        place, make = found
        return ChosenSink(self.name, place, self.kinds, lambda: self._opened(make))

    def _opened(self, make: Callable[[], Sink]) -> Sink:
        try:
            return make()
        except ImportError as error:
            raise SinkError(
                f"{self.variable} is set, and the package {error.name} is not installed: make sinks, or"
                f" pip install 'mixpeek-assets[{self.name}]'"
            ) from None


def chosen_sinks(settings: Settings) -> list[ChosenSink]:
    """Return the sinks that the settings choose."""
    return [chosen for store in SHIPPED if (chosen := store.chosen(settings))]


def _pgvector(settings: Settings) -> tuple[str, Callable[[], Sink]] | None:
    if (url := settings.sink_pgvector) is None:
        return None

    def make() -> Sink:
        from mixpeek_assets.sinks.pgvector import PgVector

        return PgVector(postgres, settings.seen_collection)

    postgres = Postgres(url, "MIXPEEK_SINK_PGVECTOR", "pgvector")
    return postgres.place, make


def _lancedb(settings: Settings) -> tuple[str, Callable[[], Sink]] | None:
    if (place := settings.sink_lancedb) is None:
        return None

    def make() -> Sink:
        from mixpeek_assets.sinks.lance import Lance

        return Lance(place, settings.seen_collection)

    return place, make


def _qdrant(settings: Settings) -> tuple[str, Callable[[], Sink]] | None:
    if (place := settings.sink_qdrant) is None:
        return None

    def make() -> Sink:
        from mixpeek_assets.sinks.qdrant import Qdrant

        return Qdrant(place, settings.sink_qdrant_key, settings.seen_collection)

    return place, make


def _parquet(settings: Settings) -> tuple[str, Callable[[], Sink]] | None:
    if (place := settings.sink_parquet) is None:
        return None

    def make() -> Sink:
        from mixpeek_assets.sinks.parquet import ParquetFiles

        return ParquetFiles(place, settings.seen_collection)

    return place, make


SHIPPED = (
    Shipped(
        "pgvector",
        "MIXPEEK_SINK_PGVECTOR",
        "postgresql://user:password@host:5432/database",
        frozenset({"postgres", "pgvector"}),
        _pgvector,
    ),
    Shipped("lancedb", "MIXPEEK_SINK_LANCEDB", "data/lancedb, or s3://bucket/prefix", frozenset({"lancedb"}), _lancedb),
    Shipped("qdrant", "MIXPEEK_SINK_QDRANT", "http://127.0.0.1:6333", frozenset({"qdrant"}), _qdrant),
    Shipped("parquet", "MIXPEEK_SINK_PARQUET", "data/parquet, or s3://bucket/prefix", frozenset({"parquet"}), _parquet),
)
"""The stores, in the order in which they are listed."""
