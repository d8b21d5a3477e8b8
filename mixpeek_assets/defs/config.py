"""The run configuration that both landing steps share."""

import dagster as dg


class LandingConfig(dg.Config):
    """What a landing may do beyond fetching what is missing."""

    dry_run: bool = False
    """Show what would be fetched, and send nothing."""

    refresh: bool = False
    """Fetch what is landed or rejected again, and replace it."""
