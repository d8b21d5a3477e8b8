"""The run configuration that landing shares."""

import dagster as dg


class LandingConfig(dg.Config):
    """What a landing may do beyond fetching what is missing."""

    dry_run: bool = False
    """Tell what would be fetched, and send nothing."""

    refresh: bool = False
    """Fetch what is landed or rejected again, and replace it."""
