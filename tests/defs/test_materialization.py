"""The assets as Dagster runs them: the real jobs and definitions, on a real instance."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.checks import DAY_CHECKS, STANDING_CHECKS
from mixpeek_assets.defs.run_requests import range_tags
from mixpeek_assets.settings import SettingsError
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import KEY, Answer, Request, ScriptedMixpeek, Video
from tests.fakes.pipeline import TODAY, make_due, poll
from tests.warehouse.asking import ask
from tests.warehouse.rows import file_of

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


def key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["mixpeek", table])


def metadata(instance: dg.DagsterInstance, asset: str) -> dict:
    event = instance.get_latest_materialization_event(key(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return dict(event.asset_materialization.metadata)


def days_of(instance: dg.DagsterInstance, asset: str) -> set[str]:
    """The materialized partitions of an asset."""
    return instance.get_materialized_partitions(key(asset))


def broken(result: dg.ExecuteInProcessResult) -> set[str]:
    """The checks that failed in a run, less those that say only what is not landed."""
    found = [check for check in result.get_asset_check_evaluations() if not check.passed]
    return {f"{check.asset_key.path[-1]}: {check.check_name}" for check in found} - {
        "vectors: landed",
        "vectors: all_landed",
    }


def land_all(instance: dg.DagsterInstance) -> None:
    assert run("mixpeek_ingest", instance).success
    poll()
    assert run("mixpeek_land", instance).success


def test_the_graph_has_the_five_tables_in_the_order_of_the_data() -> None:
    graph = defs().get_repository_def().asset_graph
    parents = {
        key.path[1]: {parent.path[1] for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
        if key.path[0] == "mixpeek"
    }

    assert parents == {
        "manifest": set(),
        "mixpeek_api": set(),
        "videos": {"manifest"},
        "tasks": {"videos", "mixpeek_api"},
        "latest_tasks": {"tasks"},
        "assets": {"tasks", "mixpeek_api"},
        "features": {"assets"},
        "vectors": {"features"},
        "vectors_by_name": {"vectors"},
        "search": {"vectors"},
        "vector_index": {"vectors"},
    }


@pytest.mark.parametrize("asset", CHAIN)
def test_every_asset_says_what_a_row_is_and_shows_its_columns(asset: str) -> None:
    node = defs().get_repository_def().asset_graph.get(key(asset))

    assert node.description is not None
    assert node.description.startswith("A row is ")
    assert node.group_name == "mixpeek"
    assert "duckdb" in node.kinds
    assert node.tags["dagster/storage_kind"] == "duckdb"
    assert str(node.metadata["dagster/uri"]).endswith("warehouse.duckdb")
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
        [
            check
            for check in defs().get_repository_def().asset_graph.asset_check_keys
            if check.asset_key != key("vector_index")
        ]
    )
    passed = [record.last_check_execution_record for record in checks.values()]
    assert len(passed) == len(checks) == len(DAY_CHECKS) + len(STANDING_CHECKS)
    assert all(record is not None and record.status.value == "SUCCEEDED" for record in passed)
    (embeddings,) = metadata(instance, "vectors")["embeddings"].records
    assert embeddings.data == {"vector": "multimodal", "modality": "video", "vectors": 2, "dimensions": 3}


def test_materializing_again_changes_nothing_and_sends_nothing_but_what_is_missing(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    land_all(instance)
    before, counts = len(mixpeek.requests), ask(warehouse, Reader.table_counts)

    assert run("mixpeek_ingest", instance).success
    assert run("mixpeek_land", instance).success

    assert len(mixpeek.requests) == before
    assert ask(warehouse, Reader.table_counts) == counts


def test_the_plan_job_tells_what_would_be_sent_and_changes_nothing(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\nhttp://videos.test/b.mp4\n", monkeypatch)

    assert planned(instance) == {"submit: new": 2}
    assert planned(instance, videos=["a.mp4"]) == {"submit: new": 1}
    assert ask(warehouse, Reader.table_counts)["videos"] == 0

    run("mixpeek_ingest", instance)
    poll()
    assert planned(instance) == {"fetch asset: not landed": 2}
    run("mixpeek_land", instance)
    before, told = len(mixpeek.requests), instance.get_latest_materialization_event(key("vectors"))
    assert planned(instance, refresh=True) == {
        "submit: refresh": 2,
        "fetch asset: not landed": 2,
        "fetch vectors: not landed": 2,
    }

    assert len(mixpeek.requests) == before
    assert instance.get_latest_materialization_event(key("vectors")) == told


def planned(instance: dg.DagsterInstance, **config: object) -> dict[str, int]:
    """What the plan job shows, by request and reason."""
    job = defs().get_repository_def().get_job("mixpeek_plan")
    result = job.execute_in_process(instance=instance, run_config={"ops": {"show_plan": {"config": config}}})
    (output,) = [event for event in result.all_events if event.is_successful_output]
    shown = output.step_output_data.metadata.get("plan")
    assert not [event for event in result.all_events if event.is_asset_materialization_planned]
    records = shown.records if isinstance(shown, dg.TableMetadataValue) else []
    return {f"{one.data['request']}: {one.data['why']}": int(str(one.data["requests"])) for one in records}


def ingest_job() -> dg.JobDefinition:
    return defs().get_repository_def().get_job("mixpeek_ingest")


def test_a_refresh_that_is_executed_again_pays_once(
    mixpeek: ScriptedMixpeek, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        _refresh_twice(mixpeek, instance, monkeypatch)


def _refresh_twice(mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    land_all(instance)
    config = {"ops": {"tasks": {"config": {"refresh": True}}}}
    refreshed = run("mixpeek_ingest", instance, run_config=config)
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

    assert run("mixpeek_ingest", instance, tags=tags).success
    poll()
    assert run("mixpeek_land", instance, tags=tags).success

    assert ask(warehouse, Reader.table_counts)["vectors"] == 3
    assert days_of(instance, "vectors") == {"2026-01-02", "2026-01-03", "2026-01-04"}


def test_an_undated_video_joins_today_and_never_a_past_day(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_FIRST_PARTITION", "2026-01-01")
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)

    assert run("mixpeek_ingest", instance, partition="2026-01-02").success
    assert ask(warehouse, Reader.table_counts)["videos"] == 0

    assert run("mixpeek_ingest", instance).success
    assert ask(warehouse, Reader.status)[0].partition_date == TODAY


def test_a_wrong_key_fails_the_run_with_one_sentence_and_stands_nowhere(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    secret = "sk_wrong_but_secret"
    monkeypatch.setenv("MIXPEEK_API_KEY", secret)
    echo = {"success": False, "status": 401, "error": {"message": f"Invalid API key {secret}"}}
    mixpeek.script("POST", Answer(echo, 401), for_ever=True)

    result = run("mixpeek_ingest", instance)

    assert not result.success
    (said,) = failures(result)
    assert "POST /ingest/videos/url" in said
    assert "answered 401: Invalid API key ***" in said
    events = [str(record) for record in instance.all_logs(result.run_id)]
    assert events
    assert not any(secret in event for event in events)
    assert secret.encode() not in file_of(warehouse).read_bytes()


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
        .get_job("mixpeek_ingest")
        .execute_in_process(instance=instance, raise_on_error=False, partition_key=TODAY.isoformat())
    )

    assert not result.success
    assert said in failures(result)[0]
    (error,) = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    assert error is not None
    assert (error.message, error.stack) == (failures(result)[0], []), "the sentence comes first, and no stack after it"


def test_a_setting_that_cannot_be_used_is_named_when_the_code_location_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "many")

    with pytest.raises(SettingsError, match="MIXPEEK_CONCURRENCY"):
        defs()


def test_without_a_key_and_without_a_local_api_the_run_says_how_to_start_one(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.mp4").write_bytes(b"video")
    write_manifest("url\na.mp4\n", monkeypatch)

    (said,) = failures(run("mixpeek_ingest", instance))

    assert "`make dev`" in said
    assert "serve-local-api" in said


def test_unusable_rows_are_in_rejects_and_warn_while_the_others_go_on(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(
        "url,added_at\nhttp://videos.test/a.mp4,\nhttp://videos.test/b.mp4,yesterday\n,2026-01-01\n", monkeypatch
    )

    result = run("mixpeek_ingest", instance)

    assert result.success
    assert len(mixpeek.tasks) == 1
    problems = ask(warehouse, lambda reader: reader.problems(9))
    assert sorted(problem.about for problem in problems) == ["list.csv row 2", "list.csv row 3"]
    assert broken(result) == {"videos: usable"}


def test_an_unusable_row_is_of_the_day_that_it_names(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(
        "url,added_at\nhttp://videos.test/a.mp4,2026-01-02\nftp://videos.test/b.mp4,2026-01-02\nftp://videos.test/c.mp4,\n"
        "ftp://videos.test/d.mp4,2999-01-01\n",
        monkeypatch,
    )

    assert run("mixpeek_ingest", instance, partition="2026-01-02").success

    days = warehouse_values(warehouse, "SELECT partition_date FROM mixpeek.rejects ORDER BY object_id")
    assert days == [date(2026, 1, 2), TODAY, TODAY]


def test_a_landing_that_is_not_complete_fails_after_landing_the_rest(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\nhttp://videos.test/b.mp4\n", monkeypatch)
    run("mixpeek_ingest", instance)
    poll()
    sick = next(iter(mixpeek.assets))
    mixpeek.script(f"/assets/{sick}", Answer(b"oops", 500), for_ever=True)

    result = run("mixpeek_land", instance)

    assert not result.success
    assert failures(result)[0].startswith(
        "1 asset did not come; the rest is landed, and the next run asks for it again"
    )
    assert ask(warehouse, Reader.table_counts)["vectors"] == 1
    mixpeek.unscript()
    assert run("mixpeek_land", instance).success
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
    run("mixpeek_ingest", instance)
    poll()

    def settle(request: Request) -> None:
        if f"{request.method} {request.path}".startswith(call):
            mixpeek.on_request = None
            slow_task = next(task for _, task, _ in mixpeek.tasks.values() if task.features == slow.features)
            slow_task.statuses[:] = ["DONE"]
            make_due(warehouse)
            poll()

    mixpeek.on_request = settle
    result = run("mixpeek_land", instance)

    assert result.success
    assert broken(result) == set()
    assert ask(warehouse, Reader.table_counts)["vectors"] == 1
    assert ask(warehouse, Reader.partitions_to_land) == [TODAY]
    assert run("mixpeek_land", instance).success
    assert ask(warehouse, Reader.table_counts)["vectors"] == 2


def test_wrong_data_blocks_what_is_downstream(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    run("mixpeek_ingest", instance)
    poll()
    run("mixpeek_land", instance)
    with warehouse.database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.features SELECT * FROM mixpeek.features")

    result = run("mixpeek_land", instance)

    assert not result.success
    assert "features: sound" in broken(result)
    assert failures(result)[0].startswith(f"wrong data in mixpeek/features of {TODAY}: ")
    assert not any(event.is_step_success for event in result.all_events)


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
    run("mixpeek_ingest", instance)
    poll()

    result = run("mixpeek_land", instance)

    assert result.success
    assert broken(result) == {"vectors: whole"}


def test_what_is_pending_is_not_green_and_says_what_it_waits_for(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    mixpeek.videos["http://videos.test/a.mp4"] = Video(["PROCESSING"])

    everything = run("__ASSET_JOB", instance)

    assert everything.success
    assert days_of(instance, "tasks") == {TODAY.isoformat()}
    for table in ("assets", "features", "vectors"):
        assert days_of(instance, table) == set(), table
    told = {check.check_name: check for check in everything.get_asset_check_evaluations()}
    assert not told["landed"].passed
    assert str(told["landed"].description).startswith("0 of 1 landed; 1 open, the oldest for ")


def test_days_of_one_run_are_materialized_each_by_what_has_landed_of_it(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first day lands, the second waits, the third has no video."""
    write_manifest(
        "url,added_at\nhttp://videos.test/landed.mp4,2026-01-01\nhttp://videos.test/slow.mp4,2026-01-02\n", monkeypatch
    )
    mixpeek.videos["http://videos.test/slow.mp4"] = Video(["PROCESSING"])
    tags = range_tags(date(2026, 1, 1), date(2026, 1, 3))
    assert run("mixpeek_ingest", instance, tags=tags).success
    poll()

    result = run("mixpeek_land", instance, tags=tags)

    assert result.success
    for table in ("assets", "features", "vectors"):
        assert days_of(instance, table) == {"2026-01-01", "2026-01-03"}, table
    observed = {
        event.partition: event.asset_observation_data.asset_observation.metadata
        for event in result.all_events
        if event.is_asset_observation
    }
    assert {day: (found["progress"].value, found["states"].value) for day, found in observed.items()} == {
        "2026-01-01": ("1 of 1 landed", "1 done"),
        "2026-01-02": (observed["2026-01-02"]["progress"].value, "1 open"),
    }, "and on `tasks` stands what has become of them"
    events = {
        event.partition: event.step_materialization_data.materialization.metadata
        for event in result.all_events
        if event.is_step_materialization and event.asset_key == key("vectors")
    }
    assert events["2026-01-01"]["progress"].value == "1 of 1 landed"
    assert events["2026-01-01"]["dagster/partition_row_count"].value == 1
    assert events["2026-01-03"]["progress"].value == "0 videos"
    assert "preview" not in events["2026-01-03"]
    landed = {check.partition: check for check in result.get_asset_check_evaluations() if check.check_name == "landed"}
    assert {day: check.passed for day, check in landed.items()} == {
        "2026-01-01": True,
        "2026-01-02": False,
        "2026-01-03": True,
    }


def test_a_day_whose_landing_is_incomplete_is_not_green_and_the_other_days_are(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(
        "url,added_at\nhttp://videos.test/a.mp4,2026-01-01\nhttp://videos.test/b.mp4,2026-01-02\n", monkeypatch
    )
    tags = range_tags(date(2026, 1, 1), date(2026, 1, 2))
    run("mixpeek_ingest", instance, tags=tags)
    poll()
    (sick,) = warehouse_values(warehouse, "SELECT asset_id FROM mixpeek.tasks WHERE partition_date = '2026-01-02'")
    mixpeek.script(f"/assets/{sick}", Answer(b"oops", 500), for_ever=True)

    result = run("mixpeek_land", instance, tags=tags)

    assert not result.success
    assert days_of(instance, "vectors") == {"2026-01-01"}
    (failure,) = [event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure]
    assert failure is not None
    assert failure.metadata["did_not_come"].value == 1


def warehouse_values(warehouse: Warehouse, query: str) -> list[object]:
    with warehouse.reader() as reader:
        return [value for (value,) in reader.connection.execute(query).fetchall()]


def test_running_again_with_nothing_new_leaves_what_is_downstream_in_sync(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    land_all(instance)
    first = {table: version(instance, table) for table in CHAIN}

    run("mixpeek_ingest", instance)
    run("mixpeek_land", instance)

    assert {table: version(instance, table) for table in CHAIN} == first
    write_manifest("url\nhttp://videos.test/a.mp4\nhttp://videos.test/b.mp4\n", monkeypatch)
    run("mixpeek_ingest", instance)
    assert version(instance, "tasks") != first["tasks"]


def version(instance: dg.DagsterInstance, table: str) -> str:
    event = instance.get_latest_materialization_event(key(table))
    assert event is not None
    assert event.asset_materialization is not None
    tags = event.asset_materialization.tags
    assert tags is not None
    return tags["dagster/data_version"]


def test_a_person_may_choose_videos_collections_and_a_limit(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"http://videos.test/{name}.mp4,{(name in 'ab' and 'x') or 'y'}\n" for name in "abcd")
    write_manifest(f"url,collection\n{rows}", monkeypatch)

    def submitted(**config: object) -> list[str]:
        before = len(mixpeek.asked("^POST /ingest"))
        assert run("mixpeek_ingest", instance, run_config={"ops": {"tasks": {"config": config}}}).success
        return [str(request.body["url"])[19:20] for request in mixpeek.asked("^POST /ingest")[before:]]

    assert submitted(collections=["y"], limit=1) == ["c"]
    assert submitted(videos=["b.mp4"]) == ["b"]
    assert sorted(submitted()) == ["a", "d"]
    poll()
    land = {"ops": {"land_results": {"config": {"collections": ["x"]}}}}
    assert run("mixpeek_land", instance, run_config=land).success
    assert ask(warehouse, Reader.table_counts)["vectors"] == 2


JOBS = ("mixpeek_ingest", "mixpeek_land", "mixpeek_retry_failed", "mixpeek_plan", "mixpeek_index")


def fields(found: Any) -> dict[str, Any]:
    """The fields of a part of a run config; none where nothing can be set."""
    return dict(getattr(found.config_type, "fields", None) or {})


@pytest.mark.parametrize("job", JOBS)
def test_every_field_of_a_run_config_has_its_words(job: str) -> None:
    whole = defs().get_repository_def().get_job(job).run_config_schema

    for step in fields(fields(whole)["ops"]).values():
        for name, option in fields(fields(step)["config"]).items() if "config" in fields(step) else ():
            assert option.description, name
    for name in ("mixpeek", "warehouse"):
        assert not fields(fields(fields(fields(whole)["resources"])[name])["config"]), (
            "nothing of the settings can be changed for a run"
        )


def test_failed_videos_are_retried_by_pressing_a_button(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)
    mixpeek.videos["http://videos.test/a.mp4"] = Video(["FAILED"], error="try again")
    land_all(instance)
    assert days_of(instance, "assets") == set(), "nothing has landed"

    assert run("mixpeek_retry_failed", instance).success

    assert len(mixpeek.asked("^POST /ingest")) == 2


def test_a_partition_that_does_not_exist_is_refused_before_anything_is_done(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest("url\nhttp://videos.test/a.mp4\n", monkeypatch)

    with pytest.raises(dg.DagsterUnknownPartitionError, match="1999-01-01"):
        run("mixpeek_ingest", instance, partition="1999-01-01")

    assert mixpeek.requests == []


def test_the_key_is_in_no_run_config_and_no_resource_of_the_definitions(mixpeek: ScriptedMixpeek) -> None:
    repository = defs().get_repository_def()

    assert KEY not in repr(repository.get_top_level_resources())
    assert KEY not in repr({key: vars(value) for key, value in repository.get_top_level_resources().items()})
