"""All that `cases` lists, landed in one go: what is odd in one keeps no other from landing."""

import json
import os
import struct
from collections.abc import Iterator
from datetime import date

import pytest

from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.data.cases import ASSETS, FEATURES, PLAIN, Asset, Feature
from tests.data.served import Row, finish_tasks, landed, serve
from tests.fakes.mixpeek import KEY, scripted_mixpeek

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Row]]]:
    """What the tables hold afterwards."""
    with pytest.MonkeyPatch.context() as patch, scripted_mixpeek() as mixpeek:
        patch.chdir(tmp_path_factory.mktemp("project"))
        for name in [name for name in os.environ if name.startswith("MIXPEEK_")]:
            patch.delenv(name)
        for name, value in {"KEY": KEY, "URL": mixpeek.url}.items():
            patch.setenv(f"MIXPEEK_API_{name}", value)
        patch.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "0")
        settings = load_settings()
        warehouse = Warehouse(Site.of_file(settings.warehouse_path), timeout=30)
        listed = ", ".join(f'{{"feature_id": {json.dumps(case.what)}, {case.listed}}}' for case in FEATURES)
        shared = '{"features": {"text": [{"feature_id": "shared"}]}}'
        bodies = {"first": shared, "features": f'{{"features": {{"video": [{listed}]}}}}'}
        bodies |= {case.what: case.body.replace("{id}", case.what) for case in ASSETS}
        details = {case.what: case.detail for case in FEATURES}
        details |= {f"{end} {case.what}": PLAIN for case in ASSETS for end in case.features} | {"shared": PLAIN}
        serve(
            mixpeek,
            {name: body.encode() for name, body in bodies.items()},
            {name: f"{{{fields}}}".encode() for name, fields in details.items()},
        )
        finish_tasks(warehouse, ["first"], DAY)
        landed(warehouse, DAY)
        finish_tasks(warehouse, list(bodies)[1:], DAY)
        yield landed(warehouse, DAY)


def rounded(numbers: list[float]) -> list[float]:
    """What a FLOAT keeps of them."""
    return [struct.unpack("f", struct.pack("f", number))[0] for number in numbers]


def of(rows: list[Row], case: Feature | Asset, key: str = "feature_id") -> list[Row]:
    return [row for row in rows if row[key] == case.what]


@pytest.mark.parametrize("case", FEATURES, ids=lambda case: case.what)
def test_what_is_sound_lands_and_what_is_not_is_rejected_with_the_reason(
    case: Feature, tables: dict[str, list[Row]]
) -> None:
    rows = of(tables["vectors"], case)
    assert {row["vector_name"]: row["embedding"] for row in rows if row["sparse"] is None} == {
        name: rounded(numbers) for name, numbers in case.vectors.items()
    }
    assert {row["vector_name"]: row["sparse"] for row in rows if row["sparse"] is not None} == {
        name: {"indices": indices, "values": rounded(numbers)} for name, (indices, numbers) in case.sparse.items()
    }
    reasons = [row["reason"] for row in of(tables["rejects"], case, "object_id")]
    assert len(reasons) == len(case.rejected)
    assert all(said in reason for said, reason in zip(case.rejected, reasons, strict=True)), reasons
    [feature] = of(tables["features"], case)
    for name, value in case.columns.items():
        found = feature[name] if name != "payload" else {key: feature["payload"][key] for key in value}
        assert found == value, name


@pytest.mark.parametrize("case", ASSETS, ids=lambda case: case.what)
def test_of_an_asset_and_its_list_lands_what_is_sound(case: Asset, tables: dict[str, list[Row]]) -> None:
    listed = {row["feature_id"]: row["modality"] for row in of(tables["features"], case, "asset_id")}
    assert listed == {f"{end} {case.what}": modality for end, modality in case.features.items()}
    reasons = [row["reason"] for row in of(tables["rejects"], case, "object_id")]
    assert len(reasons) == len(case.rejected)
    assert all(said in reason for said, reason in zip(case.rejected, reasons, strict=True)), reasons
    rows = of(tables["assets"], case, "asset_id")
    assert len(rows) == (0 if case.columns is None else 1)
    for row in rows:
        assert {name: row[name] for name in case.columns or {}} == case.columns
        assert row["feature_count"] == len(case.features) + len(case.rejected)


def test_what_is_listed_is_landed_or_rejected(tables: dict[str, list[Row]]) -> None:
    assert len({case.what for case in [*FEATURES, *ASSETS]}) == len([*FEATURES, *ASSETS])
    counted = [row for row in tables["assets"] if row["asset_id"] == "features"]
    assert [row["feature_count"] for row in counted] == [len(FEATURES)]
    assert sum(row["asset_id"] == "features" for row in tables["features"]) == len(FEATURES)
