"""A cluster's lake beside a file, and workers beside one another."""
