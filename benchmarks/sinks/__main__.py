"""`python -m benchmarks.sinks [NAME …] [--vectors N]`: measure the sinks that are named, or all."""

import argparse
import importlib
import platform

import duckdb

NAMES = ("pgvector", "lancedb", "qdrant", "parquet")


def main() -> None:
    """Print a table for each."""
    parser = argparse.ArgumentParser("python -m benchmarks.sinks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--vectors", type=int, default=100_000, help="how many the day has (default: %(default)s)")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    print(f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, {platform.platform()}")
    for name in chosen.names or NAMES:
        importlib.import_module(f"benchmarks.sinks.{name}").main(chosen.vectors)


if __name__ == "__main__":
    main()
