"""The five tables as partitioned assets, in the order in which the data flows."""
