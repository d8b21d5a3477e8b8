"""The run configuration: what a person may set in the Launchpad, each with its words."""

import dagster as dg
from pydantic import ConfigDict, Field


class VideoChoice(dg.Config):
    """Which videos of the partition a run is about; by default all."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    collections: list[str] = Field(default_factory=list)
    """Only the videos of these collections; empty: of all."""

    videos: list[str] = Field(default_factory=list)
    """Only the videos with one of these ids, or with one of these texts in their URL; empty: all."""

    def chosen(self) -> dict[str, list[str] | None]:
        """Return the choice as the warehouse takes it; None is any."""
        return {"collections": self.collections or None, "videos": self.videos or None}


class LandingConfig(VideoChoice):
    """Options of a landing, which by default fetches what is missing."""

    refresh: bool = False
    """Fetch again what is landed or rejected, and replace it. It costs requests, and is not billed as processing."""
