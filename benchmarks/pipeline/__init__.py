"""How fast the pipeline is, beside what else there is: `make bench`, tables in `benchmarks/README.md`."""
