"""The parts of the scripted Mixpeek of today, tests/fakes/documents.py."""
