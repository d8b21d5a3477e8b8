"""The lectures: the same as the trailers' YAML, in Python."""

from pathlib import Path

import dagster as dg

from mixpeek_assets import build_definitions, load_settings

_HERE = Path(__file__).parent
_PROJECT = _HERE.parents[2]


@dg.definitions
def lectures() -> dg.Definitions:
    """Return the five assets of the lectures, with their checks, jobs, sensors and schedule."""
    settings = load_settings(
        videos=str(_HERE / "lectures.csv"),
        collection="lectures",
        only_collection=True,
        data_dir=_PROJECT / "data",
    )
    return build_definitions(settings, group_name="lectures", key_prefix=("lectures",), sensors_on=False)
