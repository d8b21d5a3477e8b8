"""The Mixpeek HTTP API as five verbs. No Dagster in here."""
