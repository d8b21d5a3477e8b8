"""The command line: `mixpeek-assets …`."""
