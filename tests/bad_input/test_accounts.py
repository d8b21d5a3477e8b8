"""What is wrong with an account of today's API, or with how it is named, gets one sentence."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from click.testing import CliRunner

from mixpeek_assets.cli.main import cli
from mixpeek_assets.settings import load_settings
from tests.fakes.documents import KEY, Answer, ScriptedDocuments
from tests.fakes.pipeline import add_videos, make_due, poll, project_warehouse, submit
from tests.fakes.project import Project
from tests.fakes.today.world import Bucket, Collection, Namespace

URL = "http://videos.test/a.mp4"
V2 = [{"feature_extractor_name": "multimodal_extractor", "version": "v2"}]
V1 = [{"feature_extractor_name": "multimodal_extractor", "version": "v1"}]
OF_ANOTHER = {"properties": {"picture": {"type": "image"}}}


def nothing(_: ScriptedDocuments) -> None:
    """Leave the account as it is: empty."""


def namespace(world: ScriptedDocuments, extractors: list[dict[str, str]]) -> None:
    world.namespaces["ns_1"] = Namespace("ns_1", "mixpeek_assets", extractors)


def without_extractor(world: ScriptedDocuments) -> None:
    namespace(world, V1)


def taken_bucket(world: ScriptedDocuments) -> None:
    namespace(world, V2)
    world.buckets["bkt_1"] = Bucket("bkt_1", "ns_1", "default", OF_ANOTHER)


def taken_collection(world: ScriptedDocuments) -> None:
    namespace(world, V2)
    ours = {"properties": {"video": {"type": "video"}, "video_key": {"type": "string"}}}
    world.buckets["bkt_1"] = Bucket("bkt_1", "ns_1", "default", ours)
    source = {"type": "bucket", "bucket_ids": ["bkt_of_another"]}
    extractor = {"feature_extractor_name": "multimodal_extractor", "version": "v2"}
    world.collections["col_1"] = Collection("col_1", "ns_1", "default", source, extractor, [])


def used_up(world: ScriptedDocuments) -> None:
    world.credits = 0


def of_the_guide(world: ScriptedDocuments) -> None:
    world.script("GET /v1/me$", Answer({"detail": "Not Found"}, 404), for_ever=True)


@dataclass(frozen=True)
class Wrong:
    """What is wrong, as `Case` says it, with what is done to the account."""

    name: str
    says: tuple[str, ...]
    account: Callable[[ScriptedDocuments], None] = nothing
    variables: dict[str, str] = field(default_factory=dict[str, str])


WRONG = [
    Wrong(
        "a namespace that the account has not",
        ("for films", "the key's account has no such namespace", "MIXPEEK_NAMESPACE"),
        variables={"NAMESPACE": "films"},
    ),
    Wrong(
        "an extractor that the namespace does not hold",
        ("multimodal_extractor v2", "but multimodal_extractor v1", "MIXPEEK_FEATURE_EXTRACTORS"),
        without_extractor,
    ),
    Wrong(
        "a bucket of this name with another schema",
        ("a bucket of this name exists", "MIXPEEK_COLLECTION"),
        taken_bucket,
    ),
    Wrong(
        "a collection of this name of another bucket",
        ("a collection of this name exists", "MIXPEEK_COLLECTION"),
        taken_collection,
    ),
    Wrong(
        "several extractors",
        ("MIXPEEK_FEATURE_EXTRACTORS", "it lists 2 extractors"),
        variables={"FEATURE_EXTRACTORS": '[{"version": "v1"}, {"version": "v2"}]'},
    ),
    Wrong("a quota that is used up", ("credits are used up", "the account behind it needs credits"), used_up),
    Wrong("a key that is wrong", ("Set MIXPEEK_API_KEY",), variables={"API_KEY": "sk_of_somebody_else"}),
    Wrong("the style of the other era", ("MIXPEEK_API_STYLE",), variables={"API_STYLE": "assets"}),
    Wrong("a server of the other style", ("does not speak the style `documents`", "MIXPEEK_API_STYLE"), of_the_guide),
]


@pytest.fixture
def project(environment: object, documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one new video."""
    project = Project(load_settings().data_folder.parent)
    (project.folder / "list.csv").write_text(f"url\n{URL}\n")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    return project


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_run_says_it_once_and_pays_nothing(
    wrong: Wrong, project: Project, documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong.account(documents_api)
    if wrong.account is of_the_guide:
        monkeypatch.delenv("MIXPEEK_REQUESTS_PER_MINUTE")
    for name, value in wrong.variables.items():
        monkeypatch.setenv(f"MIXPEEK_{name}", value)

    found = CliRunner().invoke(cli, ["run"])

    assert found.exit_code == 1
    assert [word for word in wrong.says if word not in found.output] == [], found.output
    assert "Traceback" not in found.output
    assert KEY not in found.output
    assert [batch for batch in documents_api.batches.values() if batch.task_id] == []


def test_a_batch_that_is_cancelled_in_the_console_says_so(project: Project, documents_api: ScriptedDocuments) -> None:
    add_videos([URL])
    documents_api.videos[URL] = documents_api.video(URL)
    submit()
    for batch in documents_api.batches.values():
        batch.status = "CANCELED"
    make_due(project_warehouse())
    poll()

    found = CliRunner().invoke(cli, ["status"])

    assert "its batch was canceled" in found.output
    assert "mixpeek-assets retry" in found.output
