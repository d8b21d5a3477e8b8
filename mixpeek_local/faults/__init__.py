"""Faults on demand: a bad network, a failing API, failing tasks. Off by default (docs/faults.md)."""
