"""Search: the documents that pass the filters, the first being the best."""

from typing import Any

from tests.fakes.today.errors import bad_request
from tests.fakes.today.places import collection_named
from tests.fakes.today.reading import documents_of
from tests.fakes.today.routes import Call, number, route
from tests.fakes.today.world import World

_TEXT_INDEX = "mixpeek://text_extractor@v1/embedding"
_MOST = 1_000


@route("POST", "/features/search", "feature_uri top_k filters", "collection_identifiers query")
def search_features(world: World, call: Call) -> Any:
    uri = call.body.get("feature_uri") or _TEXT_INDEX
    return _found(world, call, uri, number(call.body, ("top_k",), 25, _MOST), call.body.get("filters"))


@route(
    "POST",
    "/retrievers/execute",
    "input_schema inputs filters budget_limits pagination limit stream",
    "collection_identifiers stages",
)
def execute_retriever(world: World, call: Call) -> Any:
    config = call.body["stages"][0]["config"]
    if config["stage_id"] != "feature_search":
        raise bad_request(f"{config['stage_id']!r} is not served")
    said = config["parameters"]
    most = number(said, ("final_top_k",), 25, _MOST)
    return _found(world, call, said["searches"][0]["feature_uri"], most, said["searches"][0].get("filters"))


def _found(world: World, call: Call, uri: str, most: int, filters: dict[str, Any] | None) -> dict[str, Any]:
    rows = list[dict[str, Any]]()
    for name in call.body["collection_identifiers"]:
        collection = collection_named(world, call.namespace, name)
        if uri not in {index["feature_uri"] for index in collection.indexes}:
            raise bad_request(f"collection {collection.name} has no vector index {uri}")
        rows += [one.fields for one in documents_of(world, collection, filters)]
    documents = [{**row, "score": round(1 / (1 + place), 6)} for place, row in enumerate(rows[:most])]
    return {
        "execution_id": "exec_test",
        "status": "completed",
        "documents": documents,
        "pagination": {"next_cursor": None},
        "stage_statistics": {},
        "budget": {},
        "error": None,
    }
