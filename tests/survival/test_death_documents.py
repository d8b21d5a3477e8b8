"""`kill -9` again, with the API of today: no step of a submission is lost, and no video is processed twice."""

import array
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.documents import ScriptedDocuments, Video, scripted_documents
from tests.survival.crash_harness import Death, run_all
from tests.survival.dying import CONTENT, ELSEWHERE, PLACES, Project, die_over_and_over

DEATHS, MOST_PROCESSES = 40, 70
NEW_VIDEOS, DOCUMENTS = 2, 3
"""What each process finds new: a batch of several videos, and more than a page of documents."""

LINES = 3 * NEW_VIDEOS
"""What the submission of these writes: of each video that it is registered, drafted, accepted."""

IN_FLIGHT = {
    "submit objects": "POST /v1/buckets/[^/]+/objects/batch$",
    "submit a draft": "POST /v1/buckets/[^/]+/batches$",
    "submit the start": "POST /v1/buckets/[^/]+/batches/[^/]+/submit$",
    "poll": "GET /v1/batches/",
    "fetch": "POST /v1/collections/[^/]+/documents/list$",
}
LATEST = {**dict.fromkeys(IN_FLIGHT, 1), "fetch": NEW_VIDEOS * DOCUMENTS // 3}


def add_videos(project: Project[ScriptedDocuments], first: int) -> list[str]:
    """Have the server know a few more videos; every other batch is still worked on when it is first asked for."""
    urls = [f"http://videos.test/{number:04}.mp4" for number in range(first, first + NEW_VIDEOS)]
    statuses = ["PROCESSING", "COMPLETED"][first // NEW_VIDEOS % 2 :]
    project.mixpeek.videos |= {url: Video(DOCUMENTS, statuses=statuses) for url in urls}
    return urls


@dataclass
class Story:
    """A project whose processes died many times, and one with the same videos whose process did not."""

    broken: Project[ScriptedDocuments]
    whole: Project[ScriptedDocuments]
    urls: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with ExitStack() as stack:
        broken, whole = (
            Project(tmp_path_factory.mktemp(name), "documents", stack.enter_context(scripted_documents()), IN_FLIGHT)
            for name in ("broken", "whole")
        )
        urls = die_over_and_over(broken, DEATHS, MOST_PROCESSES, LATEST, add_videos)
        whole.mixpeek.videos = broken.mixpeek.videos
        assert not whole.run(urls, target=run_all)
        yield Story(broken, whole, urls)


def test_processes_died_in_each_step_of_a_submission_and_in_every_other_stage(story: Story) -> None:
    deaths = story.broken.deaths

    assert deaths.total() == DEATHS
    assert {stage for stage in (*IN_FLIGHT, *ELSEWHERE) if deaths[stage] < 2} == set()
    assert set(PLACES) - story.broken.places == set()


def test_each_video_was_processed_exactly_once(story: Story) -> None:
    [videos] = story.broken.sql("SELECT count(*), list(video_id) FROM mixpeek.videos")

    assert videos[0] == len(story.urls)
    assert story.broken.mixpeek.processed == dict.fromkeys(videos[1], 1)
    assert story.broken.sql("SELECT count(*), count(DISTINCT video_id), max(attempt) FROM mixpeek.tasks") == [
        (len(story.urls), len(story.urls), 1)
    ]


@pytest.mark.parametrize("table", CONTENT)
def test_each_table_holds_what_that_of_an_unbroken_run_holds(table: str, story: Story) -> None:
    broken, whole = (project.sql(f"{CONTENT[table]} ORDER BY ALL") for project in (story.broken, story.whole))

    assert broken == whole
    rows = {"features": DOCUMENTS, "vectors": 2 * DOCUMENTS, "rejects": 0}.get(table, 1)
    assert len(whole) == len(story.urls) * rows


def test_the_tables_hold_the_documents_that_the_api_has(story: Story) -> None:
    truth = story.broken.mixpeek.truth()
    documents = [(key, document) for key, of_video in truth.items() for document in of_video]

    assert story.broken.sql("SELECT video_id, feature_id FROM mixpeek.features ORDER BY ALL") == sorted(
        (key, document.document_id) for key, document in documents
    )
    assert story.broken.sql("SELECT feature_id, vector_name, embedding FROM mixpeek.vectors ORDER BY ALL") == sorted(
        (document.document_id, name, list(array.array("f", vector)))
        for _, document in documents
        for name, vector in document.vectors.items()
    )


def test_no_landing_file_is_left(story: Story) -> None:
    landing = story.broken.folder / "data" / "landing" / "warehouse.duckdb"

    assert [path.name for path in landing.iterdir()] == ["locks"]
    assert story.broken.sql("SELECT * FROM mixpeek_internal.loaded_files") == []


def test_a_death_at_any_line_of_a_submission_leads_to_no_second_one(tmp_path: Path) -> None:
    """A draft that not all of its videos are known to be in was never started, and is not started any more."""
    with scripted_documents() as mixpeek:
        project, urls = Project(tmp_path, "documents", mixpeek, IN_FLIGHT), list[str]()
        for line in range(1, LINES + 1):
            urls += add_videos(project, len(urls))
            assert project.run(urls, Death("spool", "half a line", at=line), target=run_all)
        assert not project.run(urls, target=run_all)

        [videos] = project.sql("SELECT list(video_id) FROM mixpeek.videos")
        assert mixpeek.processed == dict.fromkeys(videos[0], 1)
