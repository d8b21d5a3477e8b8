"""The run configuration that both landing steps share."""

import dagster as dg


class LandingConfig(dg.Config):
    """Options of a landing, which by default fetches what is missing."""

    dry_run: bool = False
    """Show what would be fetched, and send nothing."""

    refresh: bool = False
    """Fetch again what is landed or rejected, and replace it."""
