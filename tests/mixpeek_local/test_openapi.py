"""The OpenAPI document, and the server against it: schemathesis finds no 500 and no reply that it does not name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from schemathesis import BaseSchema
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.mixpeek_local.documents.operations import OPERATIONS as DOCUMENTS_OPERATIONS
from tests.mixpeek_local.served import Served, picture, served, words

OPERATIONS = [
    ("POST", "/ingest/videos/url"),
    ("GET", "/tasks"),
    ("GET", "/tasks/{task_id}"),
    ("DELETE", "/tasks/{task_id}"),
    ("POST", "/assets"),
    ("POST", "/assets/search"),
    ("GET", "/assets/{asset_id}"),
    ("PUT", "/assets/{asset_id}"),
    ("PATCH", "/assets/{asset_id}"),
    ("DELETE", "/assets/{asset_id}"),
    ("GET", "/assets/{asset_id}/features"),
    ("POST", "/features"),
    ("POST", "/features/search"),
    ("GET", "/features/{feature_id}"),
    ("PUT", "/features/{feature_id}"),
    ("DELETE", "/features/{feature_id}"),
    ("GET", "/collections"),
    ("POST", "/collections"),
    ("GET", "/collections/{collection}"),
    ("PUT", "/collections/{collection}"),
    ("GET", "/collections/{collection}/details"),
    ("DELETE", "/collections/{collection}"),
    ("GET", "/namespaces"),
    ("POST", "/namespaces"),
    ("GET", "/namespaces/indexes"),
    ("GET", "/namespaces/models"),
    ("GET", "/namespaces/{namespace}"),
    ("GET", "/health"),
    ("GET", "/healthcheck"),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SUCCESSES = {
    ("POST", "/v1/collections/{collection_id}/trigger"): "202",
    ("DELETE", "/v1/buckets/{bucket_id}/objects/{object_id}"): "204",
}
OPEN = ("/health", "/healthcheck")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("state")) as api:
        yield api


@pytest.fixture(scope="module")
def document(api: Served) -> dict[str, Any]:
    return requests.get(f"{api.url}/openapi.json", timeout=60).json()


def test_the_document_names_every_operation_under_both_paths(document: dict[str, Any]) -> None:
    named = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    both = {*OPERATIONS, *((method, f"/v1{path}") for method, path in OPERATIONS if path not in OPEN)}
    assert named == {*both, *DOCUMENTS_OPERATIONS}


def test_every_operation_is_described_tagged_and_behind_the_key(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    assert document["components"]["securitySchemes"] == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["description"], path
            assert set(operation["tags"]) <= tags
            if path not in OPEN:
                assert operation["security"] == [{"HTTPBearer": []}]
                success = SUCCESSES.get((method.upper(), path), "200")
                assert {success, "401", "404", "413", "422", "429", "500"} <= set(operation["responses"])
                if success != "204":
                    assert "schema" in operation["responses"][success]["content"]["application/json"]


@pytest.mark.parametrize("profile", ["guide", "v1"])
def test_the_document_has_the_paths_of_the_servers_profiles_only(tmp_path: Path, profile: Any) -> None:
    with served(tmp_path, profiles=(profile,)) as api:
        paths = set(requests.get(f"{api.url}/openapi.json", timeout=60).json()["paths"]) - set(OPEN)
    assert {path.startswith("/v1/") for path in paths} == {profile == "v1"}


@pytest.fixture(scope="module")
def schema(api: Served) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{api.url}/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_gets_a_500_or_what_the_document_does_not_name(
    api: Served, schema: BaseSchema, method: str, path: str
) -> None:
    @settings(
        max_examples=20,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from(list(schemathesis.GenerationMode)))
        try:
            case = data.draw(schema[path][method].as_strategy(generation_mode=mode))
        except RecursionError:  # schemathesis does not always end where it negates a schema that refers to itself
            reject()
        if data.draw(st.booleans()):
            lead_to_something(api, case)
        case.call_and_validate(headers={"Authorization": f"Bearer {api.key}"}, checks=CHECKS)

    check()


def lead_to_something(api: Served, case: schemathesis.Case) -> None:
    """Make the request one for what is there; what an earlier one deleted is made anew."""
    connection = api.store.database.connection()
    row = connection.execute("SELECT * FROM assets JOIN features USING (asset_id) LIMIT 1").fetchone()
    if row is None:
        api.extracted(picture(1, b"jpeg", labels=[{"label": "sea", "score": 0.5}]), words(0, 10, "hello"))
        lead_to_something(api, case)
        return
    known = {"namespace": "default", "collection": row["collection_id"]}
    known |= {name: row[name] for name in ("task_id", "asset_id", "feature_id")}
    case.path_parameters = {name: value for name, value in known.items() if name in case.path_parameters}
    if isinstance(case.body, dict) and "collections" in case.body:
        case.body["collections"] = [row["collection_id"]]
