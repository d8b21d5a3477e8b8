"""What every sink goes through: a first write, the same day again, a hundredth of it changed, and the index."""

from collections.abc import Callable, Generator, Mapping

from benchmarks.pipeline.measure import Measured, measured, show
from benchmarks.sinks.made import DAY, DIMENSIONS, NAME, made
from mixpeek_assets.sinks.port import Indexing, NamedVector, Replaced, Sink

Opened = Callable[[], Sink]
"""Opens a sink; it is pickled."""


def life_of(opened: Opened, vectors: int) -> Mapping[str, Measured]:
    """Measure a sink that holds nothing yet; each step in a process of its own."""
    runs = {
        "first write": measured(write, opened, vectors),
        "the same again": measured(write, opened, vectors),
        "a hundredth changed": measured(write, opened, vectors, 100),
        "changed back": measured(write, opened, vectors),
    }
    runs["index"] = measured(index, opened, vectors)
    if runs["index"].result:
        runs["a hundredth changed, with the index"] = measured(write, opened, vectors, 100)
    else:
        del runs["index"]
    return runs


def write(opened: Opened, vectors: int, changed_every: int = 0) -> Generator[None, None, Replaced]:
    """Bring the day up to date."""
    sink, batches = opened(), list(made(vectors, changed_every))
    sink.prepare([])
    yield
    return sink.replace(DAY, batches)


def index(opened: Opened, vectors: int) -> Generator[None, None, bool]:
    """Make the indexes that are due; return whether there were any."""
    sink = opened()
    yield
    return isinstance(sink, Indexing) and bool(sink.index([NamedVector(NAME, DIMENSIONS, vectors)]))


def show_runs(title: str, runs: Mapping[str, tuple[int, Measured]]) -> None:
    """Print a table of runs, each with the number of vectors that it was about."""
    rows = [(name, run.seconds, vectors / run.seconds, run.cpu, run.megabytes) for name, (vectors, run) in runs.items()]
    show(title, ("", "s", "vectors/s", "CPU s of the process", "MB above start"), rows)
