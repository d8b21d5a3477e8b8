"""The smoke test of the real API, against a scripted one."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from mixpeek_assets.cli.main import cli
from tests.fakes.documents import Answer, ScriptedDocuments
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.today.world import Video

URL = "http://videos.test/short.mp4"


def smoke(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(cli, ["smoke", "--video", URL, *arguments], input=answer)


@pytest.fixture
def few_documents(documents_api: ScriptedDocuments) -> Iterator[ScriptedDocuments]:
    """A video with three moments, one of them without words."""
    documents_api.videos[URL] = Video(documents=3, statuses=["PROCESSING", "COMPLETED"])
    yield documents_api


def test_it_lands_a_video_shows_what_came_and_leaves_nothing(few_documents: ScriptedDocuments) -> None:
    found = smoke("--yes")

    assert found.exit_code == 0, found.output
    for said in ("Made on the account's side first: namespace mixpeek_smoke_", "Estimated cost: 50 credits ($0.05)."):
        assert said in found.output
    assert "videos 1, tasks 1, assets 1, features 3, vectors 6, rejects 0" in found.output
    assert "Cost: 50 credits ($0.05)." in found.output
    assert "Deleted what was made, with the namespace mixpeek_smoke_" in found.output
    (made,) = few_documents.asked("POST /v1/namespaces$")
    assert made.body["ttl_seconds"] == 21_600
    world = few_documents
    assert (world.namespaces, world.buckets, world.collections, world.objects, world.documents) == ({}, {}, {}, {}, {})


def test_it_asks_before_it_makes_or_submits_anything(few_documents: ScriptedDocuments) -> None:
    found = smoke(answer="n\n")

    assert found.exit_code == 1
    assert "Submit it? [y/N]" in found.output
    assert (few_documents.namespaces, few_documents.objects, few_documents.batches) == ({}, {}, {})


def test_a_video_that_fails_is_told_and_cleaned_up(few_documents: ScriptedDocuments) -> None:
    few_documents.videos[URL] = Video(error="moov atom not found")

    found = smoke("--yes")

    assert found.exit_code == 1
    assert "moov atom not found" in found.output
    assert few_documents.namespaces == {}


def test_what_cannot_be_deleted_expires(few_documents: ScriptedDocuments) -> None:
    few_documents.script("DELETE /v1/namespaces", Answer({"error": {"message": "no such call"}}, 405), for_ever=True)

    found = smoke("--yes")

    assert found.exit_code == 0, found.output
    assert "is still there: it expires by itself after 6 hours" in found.output


def test_a_server_of_the_other_style_gets_one_sentence(mixpeek: ScriptedMixpeek) -> None:
    found = smoke("--yes")

    assert found.exit_code == 1
    assert "speaks the API style `assets`" in found.output
    assert mixpeek.requests == []
