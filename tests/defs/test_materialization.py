"""The assets as Dagster runs them: the real jobs and definitions, on a real instance."""

from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets.definitions import defs
from mixpeek_assets.settings import SettingsError
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import KEY, Answer, Request, ScriptedMixpeek, Video
from tests.fakes.pipeline import TODAY, make_due, poll
from tests.warehouse.asking import ask

CHAIN = ("videos", "tasks", "assets", "features", "vectors")


def write_manifest(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("list.csv").write_text(text, encoding="utf-8")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")


def run(job: str, instance: dg.DagsterInstance, *, partition: str = TODAY.isoformat(), **arguments: object):
    definition = defs().get_repository_def().get_job(job)
    if "tags" not in arguments:
        arguments["partition_key"] = partition
    return definition.execute_in_process(instance=instance, raise_on_error=False, **arguments)  # pyright: ignore[reportArgumentType]


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    said = []
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data.user_failure_data
            assert failure is not None, event.step_failure_data.error
            said.append(failure.description or "")
    return said


def observed(instance: dg.DagsterInstance, asset: str) -> dict[str, object]:
    """What the newest observation of an asset tells."""
    records = instance.fetch_observations(dg.AssetKey(asset), limit=1).records
    observation = records[0].asset_observation
    assert observation is not None
    return {name: value.value for name, value in observation.metadata.items()}


def metadata(instance: dg.DagsterInstance, asset: str) -> dict:
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return dict(event.asset_materialization.metadata)


def land_all(instance: dg.DagsterInstance) -> None:
    assert run("ingest_job", instance).success
    poll()
    assert run("land_job", instance).success


def test_the_graph_has_the_five_tables_in_the_order_of_the_data() -> None:
    graph = defs().get_repository_def().asset_graph
    parents = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }

    assert parents == {
        "videos": set(),
        "tasks": {"videos"},
        "assets": {"tasks"},
        "features": {"assets"},
        "vectors": {"features"},
    }


@pytest.mark.parametrize("asset", CHAIN)
def test_every_asset_says_what_a_row_is_and_shows_its_columns(asset: str) -> None:
    node = defs().get_repository_def().asset_graph.get(dg.AssetKey(asset))

    assert node.description is not None
    assert node.description.startswith("A row is ")
    assert node.group_name == "mixpeek"
    assert "duckdb" in node.kinds
    assert list(node.owners) == ["team:data-engineering"]
    schema = node.metadata["dagster/column_schema"]
    assert all(column.description for column in schema.columns)
    assert node.partitions_def is not None
    assert node.partitions_def.has_partition_key(TODAY.isoformat())


def test_the_two_jobs_land_vectors_with_row_counts_previews_and_checks(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\nhttp://videos.test/b.mp4\n", monkeypatch)

    land_all(instance)

    for asset in CHAIN:
        shown = metadata(instance, asset)
        assert shown["dagster/partition_row_count"].value == 2, asset
        assert len(shown["preview"].records) == 2, asset
    checks = instance.event_log_storage.get_asset_check_summary_records(
        list(defs().get_repository_def().asset_graph.asset_check_keys)
    )
    passed = [record.last_check_execution_record for record in checks.values()]
    assert len(passed) == len(checks) >= 20
    assert all(record is not None and record.status.value == "SUCCEEDED" for record in passed)
    assert metadata(instance, "vectors")["embeddings"].value == "multimodal video 2 x 3"


def test_materializing_again_changes_nothing_and_sends_nothing_but_what_is_missing(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    land_all(instance)
    before, counts = len(mixpeek.requests), ask(warehouse, Reader.table_counts)

    assert run("ingest_job", instance).success
    assert run("land_job", instance).success

    assert len(mixpeek.requests) == before
    assert ask(warehouse, Reader.table_counts) == counts


def test_a_dry_run_tells_what_would_be_sent_and_neither_sends_nor_materializes_anything(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\nhttp://videos.test/b.mp4\n", monkeypatch)
    dry = {"config": {"dry_run": True}}

    assert run("ingest_job", instance, run_config={"ops": {"tasks": dry}}).success
    assert mixpeek.requests == []
    assert observed(instance, "tasks") == {"dry_run": True, "requests": 2, "submit: new": 2}
    assert instance.get_latest_materialization_event(dg.AssetKey("tasks")) is None

    run("ingest_job", instance)
    poll()
    before = len(mixpeek.requests)
    assert run("land_job", instance, run_config={"ops": {"assets_and_features": dry, "vectors": dry}}).success
    assert len(mixpeek.requests) == before
    assert observed(instance, "assets") == {"dry_run": True, "requests": 2, "fetch asset: not landed": 2}
    assert instance.get_latest_materialization_event(dg.AssetKey("assets")) is None

    run("land_job", instance)
    again = {"config": {"dry_run": True, "refresh": True}}
    before = len(mixpeek.requests)
    assert run("land_job", instance, run_config={"ops": {"vectors": again}}, asset_selection=[dg.AssetKey("vectors")])
    assert len(mixpeek.requests) == before
    assert observed(instance, "vectors") == {"dry_run": True, "requests": 2, "fetch vectors: not landed": 2}


def ingest_job() -> dg.JobDefinition:
    return defs().get_repository_def().get_job("ingest_job")


def test_a_refresh_that_is_executed_again_pays_once(
    mixpeek: ScriptedMixpeek, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        _refresh_twice(mixpeek, instance, monkeypatch)


def _refresh_twice(mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    land_all(instance)
    config = {"ops": {"tasks": {"config": {"refresh": True}}}}
    refreshed = run("ingest_job", instance, run_config=config)
    poll()
    assert len(mixpeek.asked("^POST /ingest")) == 2

    again = dg.execute_job(
        dg.reconstructable(ingest_job),
        instance,
        run_config=config,
        tags={"dagster/partition": TODAY.isoformat()},
        reexecution_options=dg.ReexecutionOptions(refreshed.run_id),
    )

    assert again.success
    assert len(mixpeek.asked("^POST /ingest")) == 2


def test_a_range_of_partitions_is_one_run(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"http://videos.test/{day}.mp4,2026-01-{day:02}\n" for day in range(1, 6))
    write_manifest("url,added_at\n" + rows, monkeypatch)
    tags = {
        "dagster/asset_partition_range_start": "2026-01-02",
        "dagster/asset_partition_range_end": "2026-01-04",
    }

    assert run("ingest_job", instance, tags=tags).success
    poll()
    assert run("land_job", instance, tags=tags).success

    assert ask(warehouse, Reader.table_counts)["vectors"] == 3
    partitions = instance.get_materialized_partitions(dg.AssetKey("vectors"))
    assert partitions == {"2026-01-02", "2026-01-03", "2026-01-04"}


def test_an_undated_video_joins_today_and_never_a_past_day(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)

    assert run("ingest_job", instance, partition="2026-01-02").success
    assert ask(warehouse, Reader.table_counts)["videos"] == 0

    assert run("ingest_job", instance).success
    assert ask(warehouse, Reader.status)[0].partition_date == TODAY


def test_a_wrong_key_fails_the_run_with_one_sentence_and_stands_nowhere(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    secret = "sk_wrong_but_secret"
    monkeypatch.setenv("MIXPEEK_API_KEY", secret)
    echo = {"success": False, "status": 401, "error": {"message": f"Invalid API key {secret}"}}
    mixpeek.script("POST", Answer(echo, 401), for_ever=True)

    result = run("ingest_job", instance)

    assert not result.success
    (said,) = failures(result)
    assert "POST /ingest/videos/url" in said
    assert "answered 401: Invalid API key ***" in said
    events = [str(record) for record in instance.all_logs(result.run_id)]
    assert events
    assert not any(secret in event for event in events)
    assert secret.encode() not in warehouse.path.read_bytes()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MIXPEEK_VIDEOS", "nowhere.csv", "there is no such file, folder or pattern"),
        ("MIXPEEK_API_URL", "http://127.0.0.1:9", "no server at http://127.0.0.1:9"),
    ],
)
def test_what_a_user_got_wrong_is_said_in_one_sentence(
    variable: str,
    value: str,
    said: str,
    mixpeek: ScriptedMixpeek,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    monkeypatch.setenv(variable, value)

    result = (
        defs()
        .get_repository_def()
        .get_job("ingest_job")
        .execute_in_process(instance=instance, raise_on_error=False, partition_key=TODAY.isoformat())
    )

    assert not result.success
    assert said in failures(result)[0]


def test_a_setting_that_cannot_be_used_is_named_when_the_code_location_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "many")

    with pytest.raises(SettingsError, match="MIXPEEK_CONCURRENCY"):
        defs()


def test_without_a_key_and_without_a_local_api_the_run_says_how_to_start_one(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.mp4").write_bytes(b"video")
    write_manifest("url\na.mp4\n", monkeypatch)

    (said,) = failures(run("ingest_job", instance))

    assert "`make dev`" in said
    assert "serve-local-api" in said


def test_unusable_rows_are_in_rejects_and_warn_while_the_others_go_on(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(
        "url,added_at\nhttp://videos.test/a.mp4,\nhttp://videos.test/b.mp4,yesterday\n,2026-01-01\n", monkeypatch
    )

    result = run("ingest_job", instance)

    assert result.success
    assert len(mixpeek.tasks) == 1
    problems = ask(warehouse, lambda reader: reader.problems(9))
    assert sorted(problem.about for problem in problems) == ["list.csv row 2", "list.csv row 3"]
    warned = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in warned] == ["manifest_rows_usable"]
    assert warned[0].severity == dg.AssetCheckSeverity.WARN


def test_a_landing_that_is_not_complete_fails_after_landing_the_rest(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\nhttp://videos.test/b.mp4\n", monkeypatch)
    run("ingest_job", instance)
    poll()
    sick = next(iter(mixpeek.assets))
    mixpeek.script(f"/assets/{sick}", Answer(b"oops", 500), for_ever=True)

    result = run("land_job", instance)

    assert not result.success
    assert "1 assets did not arrive" in failures(result)[0]
    assert ask(warehouse, Reader.table_counts)["vectors"] == 1
    mixpeek.unscript()
    assert run("land_job", instance).success
    assert ask(warehouse, Reader.table_counts)["vectors"] == 2


@pytest.mark.parametrize("call", ["GET /assets/", "GET /features/"])
def test_a_task_that_settles_during_a_landing_is_the_next_runs_and_fails_neither_run_nor_check(
    call: str,
    mixpeek: ScriptedMixpeek,
    instance: dg.DagsterInstance,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\nhttp://videos.test/b.mp4\n", monkeypatch)
    slow = mixpeek.videos["http://videos.test/b.mp4"] = Video(
        ["PROCESSING"], {"image": [mixpeek.feature("image", "b")]}
    )
    run("ingest_job", instance)
    poll()

    def settle(request: Request) -> None:
        if f"{request.method} {request.path}".startswith(call):
            mixpeek.on_request = None
            slow_task = next(task for _, task, _ in mixpeek.tasks.values() if task.features == slow.features)
            slow_task.statuses[:] = ["DONE"]
            make_due(warehouse)
            poll()

    mixpeek.on_request = settle
    result = run("land_job", instance)

    assert result.success
    assert [check.check_name for check in result.get_asset_check_evaluations() if not check.passed] == []
    assert ask(warehouse, Reader.table_counts)["vectors"] == 1
    assert ask(warehouse, Reader.partitions_to_land) == [TODAY]
    assert run("land_job", instance).success
    assert ask(warehouse, Reader.table_counts)["vectors"] == 2


def test_wrong_data_blocks_what_is_downstream(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    run("ingest_job", instance)
    poll()
    run("land_job", instance)
    with warehouse.database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.features SELECT * FROM mixpeek.features")

    result = run("land_job", instance)

    assert not result.success
    broken = {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}
    assert "unique_key" in broken
    assert not any(event.step_key == "vectors" and event.is_step_success for event in result.all_events)


def test_oddities_warn_and_block_nothing(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    features = [
        mixpeek.feature("image", "a", vectors={"multimodal": [1.0, 0.0]}),
        mixpeek.feature("image", "b", vectors={"multimodal": [1.0, 0.0, 0.0]}),
        mixpeek.feature("image", "c", vectors={"zero": [0.0, 0.0]}),
    ]
    mixpeek.videos["http://videos.test/a.mp4"] = Video(["DONE"], {"image": features})
    run("ingest_job", instance)
    poll()

    result = run("land_job", instance)

    assert result.success
    warned = {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}
    assert warned == {"one_dimension", "none_zero"}


def test_a_partition_that_does_not_exist_is_refused_before_anything_is_done(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)

    with pytest.raises(dg.DagsterUnknownPartitionError, match="1999-01-01"):
        run("ingest_job", instance, partition="1999-01-01")

    assert mixpeek.requests == []


def test_the_key_is_in_no_run_config_and_no_resource_of_the_definitions(mixpeek: ScriptedMixpeek) -> None:
    repository = defs().get_repository_def()

    assert KEY not in repr(repository.get_top_level_resources())
    assert KEY not in repr({key: vars(value) for key, value in repository.get_top_level_resources().items()})
