"""Replies with anything wrong anywhere, all the way from the wire into the tables."""

from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.data.replies import Expected, Reply, replies
from tests.data.served import Row, finish_tasks, landed, serve
from tests.fakes.mixpeek import Answer, ScriptedMixpeek
from tests.fakes.pipeline import TODAY

DAYS = count(1)  # an example has a partition of its own


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(served=st.lists(replies(), min_size=1, max_size=3))
def test_what_is_sound_lands_exactly_and_the_rest_is_rejected_with_the_reason(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, served: list[Reply]
) -> None:
    day = TODAY - timedelta(days=next(DAYS))
    mixpeek.unscript()
    for reply in served:
        gone = Answer({"success": False, "status": 404, "error": {"message": "gone"}}, 404)
        details = {name: gone if body is None else body for name, body in reply.details.items()}
        serve(mixpeek, {reply.asset_id: reply.body}, details)
    finish_tasks(warehouse, [reply.asset_id for reply in served], day)

    tables = landed(warehouse, day)

    for reply in served:
        assert_landed(tables, reply.asset_id, reply.expected)
    assert len(tables["assets"]) == len(served)
    assert list(warehouse.landing_folder.glob("*.bad")) == []
    assert landed(warehouse, day, refresh=True) == tables, "landing the same again has changed something"


def assert_landed(tables: dict[str, list[Row]], asset_id: str, expected: Expected) -> None:
    [asset] = [row for row in tables["assets"] if row["asset_id"] == asset_id]
    assert {name: asset[name] for name in expected.asset} == expected.asset
    features = {row["feature_id"]: row for row in tables["features"] if row["asset_id"] == asset_id}
    assert features.keys() == expected.features.keys()
    for feature_id, columns in expected.features.items():
        assert {name: features[feature_id][name] for name in columns} == columns
    rejects = [row for row in tables["rejects"] if row["video_id"] == asset["video_id"]]
    assert asset["feature_count"] == len(features) + sum(row["object_id"] == asset_id for row in rejects)
    for object_id in {asset_id, *features}:
        reasons = [row["reason"] for row in rejects if row["object_id"] == object_id]
        assert len(reasons) == expected.rejects.get(object_id, 0), reasons
        for named in expected.reasons.get(object_id, []):
            assert any(named in reason for reason in reasons), (named, reasons)
    for feature_id, vectors in expected.vectors.items():
        rows = [row for row in tables["vectors"] if row["feature_id"] == feature_id]
        assert {row["vector_name"]: row["sparse"] or row["embedding"] for row in rows} == vectors
        assert all(row["dimensions"] == (len(row["embedding"]) if row["embedding"] else None) for row in rows)
