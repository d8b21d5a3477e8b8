"""Runs the benchmarks of a package by name."""

import importlib
import platform
import sys
from collections.abc import Sequence

import duckdb


def run(package: str, names: Sequence[str]) -> None:
    """Run the benchmarks that the command line names, or all."""
    if unknown := set(sys.argv[1:]) - set(names):
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    print(f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, {platform.platform()}")
    for name in sys.argv[1:] or names:
        importlib.import_module(f"{package}.{name}").main()
