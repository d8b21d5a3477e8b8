"""`python -m benchmarks.cluster [NAME …]`: run the named benchmarks, or all."""

import importlib
import platform
import sys

import duckdb

NAMES = ("workers", "stores", "life")

if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(NAMES)
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    print(f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, {platform.platform()}")
    for name in sys.argv[1:] or NAMES:
        importlib.import_module(f"benchmarks.cluster.{name}").main()
