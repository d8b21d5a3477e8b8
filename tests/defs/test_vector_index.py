"""The asset `vector_index`: what it says, when it is refreshed, and what its checks see."""

import dagster as dg
import numpy as np
import pytest

from mixpeek_assets.definitions import defs
from mixpeek_assets.warehouse import vector_index
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.defs.test_sensors import record_run, tick
from tests.warehouse.rows import feature_reply, land, publisher_of, query

MANY = 200
SENSOR = "vector_index_sensor"


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_index, "LEAST", MANY)


def land_vectors(warehouse: Warehouse, first: int, count: int) -> None:
    """Land vectors around ten centres, so that an index finds them."""
    chance = np.random.default_rng(7)
    centres = chance.normal(size=(10, 64))
    vectors = [
        centres[number % 10] + np.random.default_rng(number).normal(size=64) / 2 for number in range(first + count)
    ]
    land(
        warehouse,
        "vectors",
        *(feature_reply(f"f{number}", {"clip": vectors[number].tolist()}) for number in range(first, first + count)),
    )


def refreshed(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    result = defs().get_repository_def().get_job("mixpeek_index").execute_in_process(instance=instance)
    assert result.success
    return result


def checks(result: dg.ExecuteInProcessResult) -> dict[str, tuple[bool, str | None]]:
    return {one.check_name: (one.passed, one.description) for one in result.get_asset_check_evaluations()}


def figures(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_refresh_encodes_what_is_new_and_says_so(warehouse: Warehouse, instance: dg.DagsterInstance) -> None:
    land_vectors(warehouse, 0, MANY)
    assert figures(refreshed(instance))["encoded"] == MANY

    land_vectors(warehouse, MANY, 50)
    again = refreshed(instance)

    assert (figures(again)["encoded"], figures(again)["indexed"]) == (50, 1)
    assert checks(again) == {
        "covers_all": (True, "1 index, none behind"),
        "finds_true_neighbours": (True, "of the ten true neighbours of a sample: clip 100.0%"),
    }


def test_what_is_refreshed_is_published(warehouse: Warehouse, instance: dg.DagsterInstance) -> None:
    land_vectors(warehouse, 0, MANY)
    refreshed(instance)
    assert not publisher_of(warehouse).is_behind()


def test_few_vectors_need_no_index(warehouse: Warehouse, instance: dg.DagsterInstance) -> None:
    land_vectors(warehouse, 0, MANY - 1)
    result = refreshed(instance)
    assert figures(result)["indexed"] == 0
    assert checks(result) == {
        "covers_all": (True, "0 indexes, none behind"),
        "finds_true_neighbours": (True, "there is no index"),
    }
    assert "no named vector needs a new index" in str(tick(SENSOR, instance, warehouse).skipped)


def test_the_sensor_requests_a_refresh_once_for_each_state_of_the_vectors(
    warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    land_vectors(warehouse, 0, MANY)
    first = tick(SENSOR, instance, warehouse)
    assert first.requested == [None]

    second = tick(SENSOR, instance, warehouse, cursor=first.cursor)
    assert second.requested == []
    assert str(second.skipped).startswith("nothing new since the last look (200 vectors, ")


def test_no_refresh_is_requested_while_one_is_running(warehouse: Warehouse, instance: dg.DagsterInstance) -> None:
    land_vectors(warehouse, 0, MANY)
    record_run(instance, "mixpeek_index", dg.DagsterRunStatus.STARTED, {"trigger": "test"})
    result = tick(SENSOR, instance, warehouse)
    assert (result.requested, result.skipped) == ([], "mixpeek_index is queued or running")
    assert result.cursor is None, "the next tick looks again"


def test_an_index_that_is_a_little_behind_is_left_alone(warehouse: Warehouse, instance: dg.DagsterInstance) -> None:
    land_vectors(warehouse, 0, MANY)
    refreshed(instance)
    land_vectors(warehouse, MANY, 2)
    assert tick(SENSOR, instance, warehouse).requested == []
    land_vectors(warehouse, MANY + 2, 2)
    assert tick(SENSOR, instance, warehouse).requested == [None]


def test_searches_use_what_the_asset_has_made(warehouse: Warehouse, instance: dg.DagsterInstance) -> None:
    land_vectors(warehouse, 0, MANY)
    search = "SELECT feature_id FROM mixpeek.similar('f0', 'clip', k := 5)"
    exact = query(warehouse, search)
    refreshed(instance)
    ((plan,),) = query(
        warehouse,
        "SELECT string_agg(function_name) FROM duckdb_functions() WHERE function_name LIKE 'nearest_by_codes%'",
    )
    assert plan == "nearest_by_codes_clip"
    assert query(warehouse, search) == exact
