"""Copies of the vectors in stores of yours: one file a store, and no Dagster."""
