"""An ingestion that a fault may hit at any of its stages, and what its tables say in the end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mixpeek_assets.api.errors import MixpeekError
from tests.fakes import pipeline
from tests.faults.styles import Step, Style

# The last attempt of each video, and what came of it; nothing that is another in every run.
_CONTENTS = {
    "tasks": """
        SELECT url, state, status
        FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)
        QUALIFY attempt = max(attempt) OVER (PARTITION BY video_id)
    """,
    "assets": """
        SELECT videos.url, assets.status, assets.created_at
        FROM mixpeek.assets JOIN mixpeek.videos USING (video_id)
    """,
    "features": """
        SELECT url, feature_id, features.modality, start_time, end_time, text, created_at
        FROM mixpeek.features JOIN mixpeek.videos USING (video_id)
    """,
    "vectors": """
        SELECT url, feature_id, vector_name, vectors.modality, dimensions, embedding, sparse
        FROM mixpeek.vectors JOIN mixpeek.videos USING (video_id)
    """,
    "rejects": """
        SELECT url, reason
        FROM mixpeek.rejects JOIN mixpeek.videos USING (video_id)
    """,
}

_ATTEMPTS = """
    SELECT url, list(state ORDER BY attempt)
    FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)
    GROUP BY url
"""

Contents = dict[str, list[tuple[Any, ...]]]


@dataclass
class Tables:
    """What the tables say.

    Attributes:
        contents: What an ingestion that met no fault would say too.
        attempts: The states of each video's submissions, the first first.
    """

    contents: Contents
    attempts: dict[str, list[str]]


def furnish(style: Style, mixpeek: Any, videos: int) -> list[str]:
    """Give the server so many videos, each with features of its own, and return their addresses."""
    urls = [f"http://videos.test/{number}.mp4" for number in range(videos)]
    for number, url in enumerate(urls):
        style.furnish(mixpeek, number, url)
    return urls


def one_pass(first: Step = "submit") -> list[MixpeekError]:
    """Submit, poll and land what there is, from a step on; return the errors that a step has failed with."""
    steps: dict[Step, Callable[[], object]] = {
        "submit": pipeline.submit,
        "poll": pipeline.poll,
        "land": pipeline.land,
    }
    errors = list[MixpeekError]()
    for step in list(steps.values())[list(steps).index(first) :]:
        try:
            step()
        except MixpeekError as error:
            errors.append(error)
    return errors


def make_due() -> None:
    """Let every open task be read now."""
    with pipeline.project_warehouse().database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() WHERE state = 'open'")


def tables() -> Tables:
    """Read the tables."""
    with pipeline.project_warehouse().database.connection(read_only=True) as connection:
        contents = {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in _CONTENTS.items()}
        return Tables(contents, dict(connection.execute(_ATTEMPTS).fetchall()))
