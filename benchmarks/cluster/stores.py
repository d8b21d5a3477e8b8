"""A file beside a lake in a folder and on S3: loading, what is missing, and the nearest of many vectors."""

import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cluster.sites import BUCKET, FILE, FOLDER, variables, warehouse_of
from benchmarks.pipeline import landed
from benchmarks.pipeline.measure import Measured, measured, show
from benchmarks.pipeline.world import DAY, fill
from benchmarks.pipeline.world import store as store_vectors
from deploy import services
from mixpeek_assets.warehouse.file_store import FileStore
from mixpeek_assets.warehouse.views import refresh_views

REPLIES = 20_000
MISSING = 100_000
VECTORS = 1_000_000
DIMENSIONS = 1024
_FEATURES = 10
_SQL = "SELECT feature_id FROM mixpeek.nearest('multimodal', $embedding)"
_SMALL = 50

Environment = Mapping[str, str]


def main() -> None:
    """Print the table."""
    kinds, rows, sizes = (FILE, FOLDER, BUCKET), dict[str, list[Measured]](), list[str]()
    with services.postgres() as postgres, services.s3() as s3:
        for kind in kinds:
            with ExitStack() as stack:

                def new(kind: str = kind, stack: ExitStack = stack) -> Environment:
                    folder = stack.enter_context(tempfile.TemporaryDirectory())
                    return variables(kind, Path(folder), postgres, s3)

                many = new()
                for name, run in _measure(new, many).items():
                    rows.setdefault(name, []).append(run)
                sizes.append(f"{kind} {bytes_of(many) / VECTORS:,.0f}")
    shown = [(name, *_cells(runs)) for name, runs in rows.items()]
    columns = ("", *(cell for kind in kinds for cell in (f"{kind}, s", "CPU s")), f"{FOLDER} is", f"{BUCKET} is")
    show("A file and two lakes, DuckDB the same", columns, shown)
    print("Bytes a vector:", ", ".join(sizes))


def _measure(new: Callable[[], Environment], many: Environment) -> dict[str, Measured]:
    loads, small, wide = new(), new(), new()
    return {
        f"load of {REPLIES:,} replies, d = {DIMENSIONS:,}": measured(load, loads),
        f"{_SMALL} loads of 10 replies, one after the other": measured(load_often, small),
        f"what is missing of {MISSING:,} features": measured(ask_missing, wide),
        f"{VECTORS:,} vectors in one transaction": measured(write_many, many),
        f"10 nearest of {VECTORS:,}, every vector compared, first time": measured(search, many, 1),
        "... median of the next 3": measured(search, many, 3),
    }


def load(environment: Environment) -> Iterator[None]:
    """Load some landing files, as a run does."""
    with warehouse_of(environment) as warehouse:
        fill(warehouse, REPLIES // _FEATURES, _FEATURES)
        landed.write(warehouse.landing_folder, REPLIES, dimensions=DIMENSIONS)
        yield
        warehouse.load_pending()


def load_often(environment: Environment) -> Iterator[None]:
    """Load one small landing file after the other, as a sensor does."""
    with warehouse_of(environment) as warehouse:
        fill(warehouse, _SMALL, _FEATURES)
        yield
        for number in range(_SMALL):
            landed.write(warehouse.landing_folder, 10, first=10 * number, dimensions=DIMENSIONS)
            warehouse.load_pending()


def ask_missing(environment: Environment) -> Iterator[None]:
    """Ask which features have no vectors."""
    with warehouse_of(environment) as warehouse:
        fill(warehouse, MISSING // _FEATURES, _FEATURES)
        yield
        with warehouse.features_to_fetch([DAY], refresh=False) as found:
            assert len(found) == MISSING


def write_many(environment: Environment) -> Iterator[None]:
    """Insert vectors that DuckDB makes itself."""
    with warehouse_of(environment) as warehouse:
        fill(warehouse, VECTORS // _FEATURES, _FEATURES)
        yield
        store_vectors(warehouse, DIMENSIONS)


def search(environment: Environment, times: int) -> Generator[None, None, float]:
    """Look for the nearest of a vector; with several times, once before it is measured."""
    question = {"embedding": [0.01] * DIMENSIONS}
    with warehouse_of(environment) as warehouse:
        with warehouse.database.transaction() as connection:
            refresh_views(connection)  # Searches learn of vectors that no load has brought.
        with warehouse.database.connection(read_only=True) as connection:
            if times > 1:
                connection.execute(_SQL, question).fetchall()
            yield
            seconds: list[float] = []
            for _ in range(times):
                began = time.perf_counter()
                assert len(connection.execute(_SQL, question).fetchall()) == 10
                seconds.append(time.perf_counter() - began)
            return sorted(seconds)[times // 2]


def bytes_of(environment: Environment) -> int:
    """Return how large a warehouse is."""
    with warehouse_of(environment) as warehouse:
        if isinstance(warehouse.site.store, FileStore):
            return warehouse.site.store.path.stat().st_size
        with warehouse.database.connection(read_only=True) as connection:
            query = "SELECT sum(file_size_bytes)::BIGINT FROM ducklake_table_info('warehouse')"
            return connection.execute(query).fetchall()[0][0]


def _cells(runs: list[Measured]) -> list[object]:
    seconds = [run.result if isinstance(run.result, float) else run.seconds for run in runs]
    cells: list[object] = []
    for run, each in zip(runs, seconds, strict=True):
        cells += [each, run.cpu]
    return [*cells, *(f"{each / seconds[0]:.2f} x" for each in seconds[1:])]
