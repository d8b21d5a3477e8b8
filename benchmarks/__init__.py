"""Runnable measurements; docs/local-api.md has the last tables of those that are about the local API."""
