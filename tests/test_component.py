"""`MixpeekCollectionComponent`: what its YAML means, and what is said of YAML that cannot be used."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster.components.testing import DefsFolderSandbox, create_defs_folder_sandbox

import mixpeek_assets
from mixpeek_assets.component import MixpeekCollectionComponent
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.settings import Settings, load_settings

# Dagster warns of what is new in its own handling of components.
pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")

KEY = "sk_very_secret_0123456789"


class Project:
    """A project with one component, in a folder of its own."""

    def __init__(self, sandbox: DefsFolderSandbox) -> None:
        self.sandbox, self.folder = sandbox, sandbox.defs_folder_path / "my_videos"

    def write(self, attributes: str) -> Path:
        self.folder.mkdir(exist_ok=True)
        body = textwrap.indent(textwrap.dedent(attributes).strip(), "  ")
        file = self.folder / "defs.yaml"
        file.write_text(f"type: mixpeek_assets.MixpeekCollectionComponent\nattributes:\n{body}\n", encoding="utf-8")
        return file

    def load(self) -> dg.Definitions:
        with self.sandbox.load_component_and_build_defs(self.folder) as (component, defs):
            assert isinstance(component, MixpeekCollectionComponent)
            return defs


@pytest.fixture
def project() -> Iterator[Project]:
    with create_defs_folder_sandbox() as sandbox:
        yield Project(sandbox)


def settings_of(defs: dg.Definitions, prefix: str = "my_videos") -> Settings:
    resources = defs.resources or {}
    mixpeek, warehouse = resources[f"{prefix}_mixpeek"], resources[f"{prefix}_warehouse"]
    assert isinstance(mixpeek, MixpeekResource)
    assert isinstance(warehouse, WarehouseResource)
    assert mixpeek.settings == warehouse.settings
    return mixpeek.settings


def test_every_field_reaches_what_it_is_about(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAILERS_KEY", KEY)
    project.write("""
        collection: trailers
        source: lists/videos.csv
        warehouse: "{{ context.project_root }}/lake/w.duckdb"
        data_dir: ../state
        key_variable: TRAILERS_KEY
        api_url: https://api.test
        api_prefix: v1
        namespace: films
        requests_per_minute: 7
        extractors: [{interval_sec: 5}]
        key_prefix: media/trailers
        group: films
        owners: ["team:video"]
        tags: {domain: media}
        schedule: 0 6 * * *
        sensors: false
    """)
    defs = project.load()

    settings = settings_of(defs, "media_trailers")
    assert settings.seen_collection == "trailers"
    assert settings.videos == str(project.folder / "lists" / "videos.csv")
    assert settings.warehouse_path == project.sandbox.project_root.resolve() / "lake" / "w.duckdb"
    assert settings.data_folder.resolve() == project.sandbox.defs_folder_path.resolve() / "state"
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == KEY
    assert settings.api_url == "https://api.test"
    assert (settings.api_prefix, settings.namespace, settings.requests_per_minute) == ("/v1", "films", 7)
    assert settings.feature_extractors == '[{"interval_sec":5}]'
    repository = defs.get_repository_def()
    spec = repository.assets_defs_by_key[dg.AssetKey(["media", "trailers", "vectors"])].specs_by_key[
        dg.AssetKey(["media", "trailers", "vectors"])
    ]
    assert (spec.group_name, list(spec.owners), spec.tags["domain"]) == ("films", ["team:video"], "media")
    schedule = repository.get_schedule_def("media_trailers_daily_ingest")
    assert (schedule.cron_schedule, schedule.default_status) == ("0 6 * * *", dg.DefaultScheduleStatus.STOPPED)
    assert {sensor.default_status for sensor in repository.sensor_defs} == {dg.DefaultSensorStatus.STOPPED}


def test_what_is_left_out_comes_from_the_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_API_KEY", KEY)
    monkeypatch.setenv("MIXPEEK_VIDEOS", "of_the_environment.csv")
    monkeypatch.setenv("MIXPEEK_MAX_ATTEMPTS", "3")
    project.write("collection: my videos")
    defs = project.load()

    expected = load_settings(collection="my videos", only_collection=True)
    assert settings_of(defs) == expected
    assert expected.max_attempts == 3
    repository = defs.get_repository_def()
    assert repository.has_job("my_videos_ingest")
    assert {node.group_name for node in repository.asset_graph.asset_nodes} == {"my_videos"}
    assert [schedule.cron_schedule for schedule in repository.schedule_defs] == ["15 0 * * *"]


def test_there_need_be_no_schedule(project: Project) -> None:
    project.write("{collection: trailers, schedule: null}")
    assert not project.load().get_repository_def().schedule_defs


def test_a_project_keeps_its_own_executor(project: Project) -> None:
    project.write("collection: trailers")
    own = dg.Definitions(executor=dg.multiprocess_executor)
    repository = dg.Definitions.merge(project.load(), own).get_repository_def()
    assert repository.get_job("trailers_land").executor_def is dg.in_process_executor


def test_the_scaffold_loads_and_has_the_words_of_every_field(project: Project) -> None:
    project.sandbox.scaffold_component(MixpeekCollectionComponent, "my_videos")
    text = (project.folder / "defs.yaml").read_text(encoding="utf-8")

    assert settings_of(project.load()).videos == str(project.folder / "videos.csv")
    for name, field in MixpeekCollectionComponent.model_fields.items():
        assert f"{name}: " in text
        assert field.description
        assert field.description.partition("\n")[0] in text


def test_what_is_left_commented_out_is_an_example_that_can_be_used(project: Project) -> None:
    project.sandbox.scaffold_component(MixpeekCollectionComponent, "my_videos")
    file = project.folder / "defs.yaml"
    fields = tuple(MixpeekCollectionComponent.model_fields)
    lines = [
        line.replace("# ", "", 1) if line.strip().removeprefix("# ").partition(":")[0] in fields else line
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert settings_of(project.load(), "media_trailers").requests_per_minute == 60


def said(load: Callable[[], object]) -> str:
    """Return what is said of YAML that cannot be used: the innermost error, which Dagster shows last."""
    with pytest.raises(Exception, match="my_videos") as raised:
        load()
    error: BaseException = raised.value
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)


@pytest.mark.parametrize(
    ("attributes", "line", "field", "reason"),
    [
        ("source: videos.csv", 2, "collection", "Field required"),
        ("collection: ''", 3, "collection", "at least 1 character"),
        ("collection: a\napi_url: ftp://h", 4, "api_url", "must be an http(s) URL"),
        ("collection: a\napi_key: x", 4, "api_key", "Extra inputs are not permitted"),
        ("collection: a\nrequests_per_minute: -1", 4, "requests_per_minute", "greater than or equal to 0"),
        ("collection: a\nrequests_per_minute: many", 4, "requests_per_minute", "valid integer"),
        ("collection: a\nextractors: [1]", 4, "extractors", "should be an object"),
        ("collection: a\nextractors: []", 4, "extractors", "must be a JSON list of extractor settings"),
        ("collection: a\nkey_prefix: a b", 4, "key_prefix", "must be names of letters, digits and _"),
        ("collection: a\ngroup: a b", 4, "group", "not a valid asset group name"),
        ("collection: a\nowners: [nobody]", 4, "owners", "Invalid owner 'nobody'"),
        ("collection: a\ntags: films", 4, "tags", "valid dictionary"),
        ("collection: a\nschedule: at dawn", 4, "schedule", "invalid cron schedule 'at dawn'"),
        ("collection: a\nsensors: perhaps", 4, "sensors", "valid boolean"),
        ("collection: a\nwarehouse: {path: w.duckdb}", 4, "warehouse", "valid string"),
    ],
)
def test_wrong_yaml_gives_one_sentence_with_the_file_and_the_line(
    project: Project, attributes: str, line: int, field: str, reason: str
) -> None:
    file = project.write(attributes)
    sentence = said(project.load)
    assert f"`attributes.{field} at {file}:{line}`" in sentence
    assert reason in sentence


@pytest.mark.parametrize(
    "attributes",
    [
        f"key_variable: {KEY}",
        "key_variable: '{{ env.A_KEY }}'",
        f"api_key: {KEY}",
        f"owners: {KEY}",
        f"api_url: https://me:{KEY}@api.test",
        f"requests_per_minute: {KEY}",
    ],
)
def test_a_key_in_the_yaml_is_refused_and_not_shown(
    project: Project, attributes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    project.write(f"collection: trailers\n{attributes}")
    assert KEY not in said(project.load)


def test_a_key_that_is_in_the_environment_is_in_no_definition(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAILERS_KEY", KEY)
    project.write("{collection: trailers, key_variable: TRAILERS_KEY}")
    assert KEY not in repr(project.load())


def test_a_component_may_be_made_in_python(project: Project) -> None:
    folder = project.sandbox.defs_folder_path / "films"
    folder.mkdir()
    (folder / "component.py").write_text(
        textwrap.dedent("""
            import dagster as dg
            from mixpeek_assets import MixpeekCollectionComponent

            @dg.component_instance
            def films(context: dg.ComponentLoadContext) -> MixpeekCollectionComponent:
                return MixpeekCollectionComponent(collection="films", source="films.csv")
        """),
        encoding="utf-8",
    )
    with project.sandbox.build_all_defs() as defs:
        assert settings_of(defs, "films").videos == str(folder / "films.csv")


def test_the_package_offers_its_names_and_no_others() -> None:
    assert mixpeek_assets.MixpeekCollectionComponent is MixpeekCollectionComponent
    assert set(mixpeek_assets.__all__) <= set(dir(mixpeek_assets))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mixpeek_assets.nothing
