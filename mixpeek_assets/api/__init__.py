"""The Mixpeek HTTP API, one method a call. Comments cite its contract, `docs/api-contract.md`. No Dagster in here."""
