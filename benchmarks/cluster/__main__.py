"""`python -m benchmarks.cluster [NAME …]`: run the named benchmarks, or all."""

from benchmarks.named import run

NAMES = ("workers", "stores", "life")

if __name__ == "__main__":
    run("benchmarks.cluster", NAMES)
