"""The two lanes: `make check` leaves out what starts a process, a server or a model, and `make test` runs everything.

A test is `slow` by its folder, or by a fixture that it needs. A test that is neither, and starts something all the
same, fails and says so.
"""

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import is_hypothesis_test

TESTS = Path(__file__).parent

SLOW_FOLDERS = (
    "cluster",
    "browser",
    "end_to_end",
    "bad_input",
    "survival",
    "cli",
    "security",
    "disk",
    "sinks",
    "conformance",
    "faults",
    "mixpeek_local",
)
"""In the order in which they begin: the longest files first, so that no worker is left with one at the end."""

SERVERS = {"mixpeek", "documents_api"}
"""Fixtures that are servers."""

STARTS = {"os.fork", "tests.forked", "os.forkpty", "os.posix_spawn", "socket.bind", "subprocess.Popen"}
MODELS = {"ctranslate2", "faster_whisper", "onnxruntime"}

_slow = True


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests run on a lake: `make test-cluster`."""
    parser.addoption("--store", choices=["file", "lake"], default="file", help="What the warehouses of the tests are.")


def pytest_configure(config: pytest.Config) -> None:
    """Watch what the quick tests start."""
    if _is_quick(config):
        sys.addaudithook(_watch)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no slow test where none is wanted, and those of several machines only beside their packages."""
    if collection_path.parent != TESTS or collection_path.name not in SLOW_FOLDERS:
        return None
    # `make test-cluster` has the packages of a cluster.
    is_elsewhere = collection_path.name == "cluster" and find_spec("duckdb_extension_ducklake") is None
    return True if is_elsewhere or _is_quick(config) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the slow tests, put the longest first, and on a lake leave out what is nothing else there than on a file."""
    for item in items:
        if _folder(item) in SLOW_FOLDERS or not SERVERS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    items.sort(key=_place)
    if config.option.store == "lake":
        items[:] = _first_cases([item for item in items if _is_about_a_lake(item)])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note what the test is that runs."""
    global _slow
    _slow = item.get_closest_marker("slow") is not None
    try:
        return (yield)
    finally:
        _slow = True


def _is_about_a_lake(item: pytest.Item) -> bool:
    has_store = "stores" in getattr(item, "fixturenames", ()) and item.get_closest_marker("file") is None
    return has_store or _folder(item) == "cluster"


def _first_cases(items: list[pytest.Item]) -> list[pytest.Item]:
    """Leave out what lands or asks for other values than the case before: a lake makes of values what a file does."""
    seen = set[tuple[Path, str]]()
    kept = list[pytest.Item]()
    for item in items:
        test = (item.path, getattr(item, "originalname", item.name))
        has_all = _folder(item) != "warehouse" or item.get_closest_marker("each_on_a_lake") is not None
        if has_all or (test not in seen and not is_hypothesis_test(getattr(item, "obj", None))):
            kept.append(item)
        seen.add(test)
    return kept


def _is_quick(config: pytest.Config) -> bool:
    return config.option.markexpr == "not slow"


def _place(item: pytest.Item) -> int:
    folder = _folder(item)
    return SLOW_FOLDERS.index(folder) if folder in SLOW_FOLDERS else len(SLOW_FOLDERS)


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


def _watch(event: str, details: Sequence[Any]) -> None:
    if _slow or (event not in STARTS and not (event == "import" and details[0] in MODELS)):
        return
    if event == "subprocess.Popen" and details[0] == "git":  # which lists the files of the repository
        return
    what = f"imports {details[0]}" if event == "import" else f"calls {event}"
    pytest.fail(f"this test {what}: mark it with pytest.mark.slow, as tests/README.md says")
