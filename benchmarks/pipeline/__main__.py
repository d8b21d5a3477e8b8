"""`python -m benchmarks.pipeline [NAME …]`: run the named benchmarks, or all."""

from benchmarks.named import run

NAMES = (
    "fetch",
    "documents",
    "load",
    "memory",
    "growth",
    "reading",
    "idle",
    "sensor",
    "first_query",
    "backfill",
    "scale",
)

if __name__ == "__main__":
    run("benchmarks.pipeline", NAMES)
