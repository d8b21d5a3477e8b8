"""The style `documents` against its OpenAPI document: no 500, and no reply that it does not name."""

from collections.abc import Iterator
from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, reject, settings
from hypothesis import strategies as st
from schemathesis import BaseSchema
from schemathesis.checks import not_a_server_error
from schemathesis.core.errors import InvalidSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.mixpeek_local.documents.operations import ALONE, OPERATIONS
from tests.mixpeek_local.documents.writing import EXTRACTOR, SCHEMA, Writer, writing

NUMBERS = count()
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    with writing(tmp_path_factory.mktemp("state"), profiles=("documents",)) as writer:
        yield writer


@pytest.fixture(scope="module")
def schema(writer: Writer) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{writer.api.url}/openapi.json")


@pytest.mark.parametrize(("method", "path"), [*OPERATIONS, *ALONE])
def test_no_request_gets_a_500_or_what_the_document_does_not_name(
    writer: Writer, schema: BaseSchema, method: str, path: str
) -> None:
    @settings(
        max_examples=15,
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
        except InvalidSchema:  # schemathesis cannot make every wrong list
            reject()
        assume(len(str(case.query)) < 1_000)  # uvicorn refuses longer addresses, in plain text
        headers = {"Authorization": f"Bearer {writer.api.key}"}
        if data.draw(st.booleans()):
            lead_to_something(writer, case)
            headers["X-Namespace"] = "films"
        case.call_and_validate(headers=headers, checks=CHECKS)

    check()


def lead_to_something(writer: Writer, case: schemathesis.Case) -> None:
    """Make the request one for what is there."""
    (object_id,) = writer.objects("a")
    known = {"namespace_id": "films", "bucket_id": writer.bucket, "collection_id": writer.collection}
    known |= {"object_id": object_id, "extractor_id": "multimodal_extractor_v1"}
    if case.method == "DELETE" and len(case.path_parameters) == 1:
        known |= throwaways(writer)
    if "batch_id" in case.path_parameters:
        known["batch_id"] = writer.draft([object_id]).rpartition("/")[2]
    case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
    if isinstance(case.body, dict) and "object_ids" in case.body:
        case.body["object_ids"] = [object_id]


def throwaways(writer: Writer) -> dict[str, str]:
    """What may be deleted: new ones, since the others are needed."""
    name = f"throwaway {next(NUMBERS)}"
    source = {"type": "bucket", "bucket_ids": [writer.bucket]}
    collection = {"collection_name": name, "source": source, "feature_extractor": EXTRACTOR}
    bucket = {"bucket_name": name, "bucket_schema": SCHEMA}
    return {
        "namespace_id": writer.ask("POST", "/namespaces", {"namespace_name": name})["namespace_id"],
        "bucket_id": writer.ask("POST", "/buckets", bucket)["bucket_id"],
        "collection_id": writer.ask("POST", "/collections", collection)["collection_id"],
    }
