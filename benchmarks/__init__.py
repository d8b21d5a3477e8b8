"""Runnable measurements; README.md here has the last tables."""
