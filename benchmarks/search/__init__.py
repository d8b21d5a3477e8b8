"""How fast the nearest vectors are found, and how many of them, beside what else there is: see benchmarks/README.md."""
