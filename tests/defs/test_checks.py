"""What the asset checks find, asked over a warehouse and not through a run."""

from datetime import date

import dagster as dg
import pytest

from mixpeek_assets.defs.checks import check_results
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import DAY, NEXT_DAY, asset_reply, done_task, feature, feature_reply, land

UNTOUCHED = date(2020, 1, 1)


def unique_key_check(warehouse: Warehouse, day: date) -> dg.AssetCheckResult:
    results = check_results(warehouse, "vectors", dg.AssetKey("vectors"), [day])
    (unique,) = (check for check in results if check.check_name == "unique_key")
    return unique


@pytest.mark.parametrize(("day", "found"), [(DAY, 1), (NEXT_DAY, 1), (UNTOUCHED, 0)])
def test_a_key_that_occurs_in_two_partitions_is_found_in_either(warehouse: Warehouse, day: date, found: int) -> None:
    done_task(warehouse)
    land(warehouse, "assets", asset_reply("a1", feature("f1"), feature("f2")))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}), feature_reply("f2", {"clip": [1]}))
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.vectors SELECT * REPLACE ($day AS partition_date) FROM mixpeek.vectors"
            " WHERE feature_id = 'f1'",
            {"day": NEXT_DAY},
        )
    unique = unique_key_check(warehouse, day)
    assert unique.metadata["wrong"].value == found
    assert unique.passed == (not found)


def test_a_key_that_lacks_a_part_is_one_too(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))
    with warehouse.database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.vectors SELECT * REPLACE (NULL AS vector_name) FROM mixpeek.vectors")
        connection.execute("INSERT INTO mixpeek.vectors FROM mixpeek.vectors WHERE vector_name IS NULL")
    unique = unique_key_check(warehouse, DAY)
    assert not unique.passed
