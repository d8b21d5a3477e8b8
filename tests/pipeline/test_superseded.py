"""A video that is submitted again in the style `documents` is a new object, which supersedes the older one."""

from mixpeek_assets.connections import open_client
from mixpeek_assets.pipeline.discard import discard_superseded
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes import pipeline
from tests.fakes.documents import Answer, ScriptedDocuments
from tests.fakes.pipeline import TODAY, add_videos, land, make_due, submit
from tests.pipeline.test_submit import urls


def test_the_older_asset_gives_way_when_the_newer_has_landed(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    first = ingested(warehouse)

    submit(refresh=True)
    assert landed(warehouse) == first, "what is stored stays until there is something newer"
    settle_and_land(warehouse)

    second = landed(warehouse)
    assert set(documents_api.objects) == first | second
    assert len(second) == 2
    assert not first & second
    assert orphans(warehouse) == 0

    assert discard() == 2
    assert set(documents_api.objects) == second
    assert {document.object_id for rows in documents_api.truth().values() for document in rows} == second
    assert discard() == 0


def test_what_cannot_be_discarded_now_is_discarded_by_the_next_landing(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    ingested(warehouse)
    submit(refresh=True)
    settle_and_land(warehouse)
    documents_api.script("^DELETE", Answer(status=500), for_ever=True)
    said: list[str] = []

    assert discard(said) == 0
    assert len(said) == 2
    assert "stays on the API's side for now" in said[0]
    documents_api.unscript()
    assert discard() == 2


def ingested(warehouse: Warehouse) -> set[str]:
    add_videos(urls(2))
    submit()
    settle_and_land(warehouse)
    return landed(warehouse)


def settle_and_land(warehouse: Warehouse) -> None:
    make_due(warehouse)
    pipeline.poll()
    land()


def landed(warehouse: Warehouse) -> set[str]:
    with warehouse.database.connection(read_only=True) as connection:
        return {asset for (asset,) in connection.execute("SELECT asset_id FROM mixpeek.assets").fetchall()}


def orphans(warehouse: Warehouse) -> int:
    with warehouse.database.connection(read_only=True) as connection:
        query = "SELECT count(*) FROM mixpeek.vectors ANTI JOIN mixpeek.assets USING (asset_id)"
        return connection.execute(query).fetchall()[0][0]


def discard(said: list[str] | None = None) -> int:
    with open_client(load_settings(), pipeline.QUICK) as client:
        say = (said if said is not None else list[str]()).append
        return discard_superseded(client, pipeline.project_warehouse(), [TODAY], say)
