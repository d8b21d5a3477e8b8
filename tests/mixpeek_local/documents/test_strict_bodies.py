"""What bodies are refused: a key that is not declared, a value of another type, anything else; never with a 500."""

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.mixpeek_local.documents.writing import EXTRACTOR, SCHEMA, Writer, writing

Place = tuple[str | int, ...]
ROOT: Place = ()
URI = "mixpeek://multimodal_extractor@v1/multimodal"
PAGING = {"limit": 5, "offset": 0, "include_total": True}
CONDITION = {"field": "video_key", "operator": "eq", "value": "a"}
FILTERS = {"AND": [CONDITION]}
SORT = {"field": "created_at", "direction": "asc"}
BLOB = {"property": "video", "type": "video", "data": "https://example.com/a.mp4", "metadata": {}}
SEARCH = {"feature_uri": URI, "query": {"input_mode": "text", "value": "sea"}, "top_k": 3}


@dataclass(frozen=True)
class Body:
    """A body that would be taken; `strict` are the places of its objects that take no other key."""

    method: str
    path: str
    body: dict[str, Any]
    strict: tuple[Place, ...] = (ROOT,)


BODIES = [
    Body(
        "POST",
        "/namespaces",
        {
            "namespace_name": "another",
            "description": "words",
            "feature_extractors": [{"feature_extractor_name": "multimodal_extractor", "version": "v1", "params": {}}],
            "payload_indexes": [{}],
            "ttl_seconds": 60,
        },
        (ROOT, ("feature_extractors", 0)),
    ),
    Body("POST", "/namespaces/list", PAGING | {"search": "a", "sort": SORT, "filters": FILTERS}, (ROOT, ("sort",))),
    Body("POST", "/buckets", {"bucket_name": "another", "bucket_schema": SCHEMA, "description": "words"}),
    Body("POST", "/buckets/list", PAGING | {"search": "a", "case_sensitive": True}),
    Body(
        "POST",
        "/buckets/{bucket}/objects/batch",
        {"objects": [{"blobs": [BLOB], "idempotency_key": "a", "skip_duplicates": False}]},
        (ROOT, ("objects", 0, "blobs", 0)),
    ),
    Body(
        "POST",
        "/buckets/{bucket}/objects",
        {"blobs": [BLOB], "idempotency_key": "a", "key_prefix": "a", "canonicalize_source": True},
        (("blobs", 0),),
    ),
    Body("POST", "/buckets/{bucket}/objects/list", PAGING | {"select": ["status"], "sort": SORT}, (ROOT, ("sort",))),
    Body(
        "POST",
        "/buckets/{bucket}/batches",
        {
            "object_ids": ["{object}"],
            "collection_ids": ["{collection}"],
            "dedup_strategy": "skip",
            "batch_name": "words",
            "metadata": {},
            "limit": 1,
            "auto_submit": False,
        },
    ),
    Body("POST", "{batch}/objects", {"object_ids": ["{object}"]}),
    Body("POST", "{batch}/submit", {"include_processing_history": True, "webhook_url": "https://example.com"}),
    Body(
        "POST",
        "/collections",
        {
            "collection_name": "another",
            "source": {"type": "bucket", "bucket_ids": ["{bucket}"]},
            "feature_extractor": EXTRACTOR
            | {
                "parameters": {
                    "extractor_type": "multimodal_extractor",
                    "split_method": "time",
                    "time_split_interval": 10.0,
                    "run_ocr": True,
                    "description_prompt": "words",
                },
                "field_passthrough": [{"source_path": "video_key", "required": False}],
            },
            "enabled": True,
        },
        (ROOT, ("source",), ("feature_extractor", "parameters"), ("feature_extractor", "field_passthrough", 0)),
    ),
    Body("POST", "/collections/list", PAGING | {"search": "a"}),
    Body("POST", "/collections/{collection}/trigger", {"object_ids": ["{object}"], "dedup_strategy": "skip"}),
    Body(
        "POST",
        "/collections/{collection}/documents/list",
        PAGING
        | {"return_vectors": True, "select": ["video_key"], "search": "a", "partition": {"index": 0, "count": 2}},
        (ROOT, ("partition",)),
    ),
    Body("POST", "/documents/list", PAGING | {"collection_ids": ["{collection}"], "filters": FILTERS}),
    Body("POST", "/documents/batch-get", {"document_ids": ["doc_none"], "return_presigned_urls": False}),
    Body("DELETE", "/collections/{collection}/documents/batch", {"document_ids": ["doc_none"], "reason": "words"}),
    Body(
        "POST",
        "/features/search",
        {
            "collection_identifiers": ["{collection}"],
            "query": {"input_mode": "text", "text": "sea"},
            "feature_uri": URI,
            "top_k": 3,
        },
        (ROOT, ("query",)),
    ),
    Body(
        "POST",
        "/retrievers/execute",
        {
            "collection_identifiers": ["{collection}"],
            "stages": [
                {
                    "stage_name": "search",
                    "config": {"stage_id": "feature_search", "parameters": {"searches": [SEARCH], "final_top_k": 3}},
                }
            ],
            "inputs": {},
            "limit": 3,
        },
        (ROOT, ("stages", 0, "config", "parameters", "searches", 0, "query")),
    ),
    Body(
        "POST",
        "/organizations/billing/estimate",
        {"items": [{"mime_type": "video/mp4", "minutes": 1.5}], "features": ["a"], "full_res": False},
        (ROOT, ("items", 0)),
    ),
]
ANY_TYPE = {"data", "value"}
"""Fields that take a value of any type."""

OTHERS: dict[type, list[Any]] = {
    str: [7, 1.5, True, ["words"], {"a": 1}],
    bool: ["true", 1, [True], {"a": True}],
    int: ["1", 1.5, True, [1], {"a": 1}],
    float: ["1", True, [1.5], {"a": 1.5}],
    list: ["words", 7, True, {"a": 1}],
    dict: ["words", 7, True, [1]],
}
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).map(lambda key: f"{key}?")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
some = settings(
    max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
each_body = pytest.mark.parametrize("one", BODIES, ids=lambda one: f"{one.method} {one.path}")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Known"]:
    with writing(tmp_path_factory.mktemp("state")) as writer:
        (object_id,) = writer.objects("first")
        yield Known(writer, object_id, writer.draft([object_id]))


@dataclass(frozen=True)
class Known:
    """A server, with an object and a draft for the places that a body leaves open."""

    writer: Writer
    object_id: str
    batch: str

    def send(self, one: Body, body: Any) -> Any:
        return self.writer.request(one.method, self.filled(one.path), self.filled(body))

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.filled(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.filled(part) for part in value]
        if not isinstance(value, str):
            return value
        for name, known in (("bucket", self.writer.bucket), ("collection", self.writer.collection)):
            value = value.replace(f"{{{name}}}", known)
        return value.replace("{object}", self.object_id).replace("{batch}", self.batch)

    def refused(self, one: Body, body: Any) -> list[dict[str, Any]]:
        """The mistakes that the server finds in a body."""
        reply = self.send(one, body)
        assert reply.status_code == 422, (reply.status_code, reply.text, body)
        error = reply.json()
        assert (error["success"], error["status"], error["error"]["type"]) == (False, 422, "ValidationError")
        assert error["error"]["message"]
        return error["error"]["details"]["validation_errors"]


@each_body
def test_a_key_that_is_not_declared_is_refused_wherever_it_stands(known: Known, one: Body) -> None:
    @some
    @given(st.sampled_from(one.strict), KEYS, VALUES)
    def check(place: Place, key: str, value: Any) -> None:
        body = deepcopy(one.body)
        at(body, place)[key] = value
        mistakes = known.refused(one, body)
        assert ("extra_forbidden", ["body", *place, key]) in [(wrong["type"], wrong["location"]) for wrong in mistakes]

    check()


@each_body
def test_a_value_of_another_type_is_refused(known: Known, one: Body) -> None:
    @some
    @given(st.data())
    def check(data: st.DataObject) -> None:
        body = deepcopy(one.body)
        place = data.draw(st.sampled_from(list(places(body))))
        holder = at(body, place[:-1])
        holder[place[-1]] = data.draw(st.sampled_from(OTHERS[type(holder[place[-1]])]))
        assert any(wrong["location"][0] == "body" for wrong in known.refused(one, body))

    check()


@each_body
def test_no_body_whatever_gets_a_500(known: Known, one: Body) -> None:
    @some
    @given(st.data())
    def check(data: st.DataObject) -> None:
        body = deepcopy(one.body)
        for place in data.draw(st.lists(st.sampled_from(list(places(body))), max_size=3, unique=True)):
            with suppress(KeyError, IndexError, TypeError):  # an earlier one may have taken its place away
                at(body, place[:-1])[place[-1]] = data.draw(VALUES)
        reply = known.send(one, data.draw(st.just(body) | VALUES))
        assert reply.status_code < 500, (reply.text, body)

    check()


@each_body
def test_the_body_itself_is_taken(known: Known, one: Body) -> None:
    fresh = Known(known.writer, known.object_id, known.writer.draft([known.object_id]))
    reply = fresh.send(one, one.body)
    assert reply.status_code in (200, 202, 409), reply.text  # 409: made by a test before


def at(body: Any, place: Place) -> Any:
    for step in place:
        body = body[step]
    return body


def places(value: Any, *before: str | int) -> Iterator[Place]:
    """The places of all values that have one type."""
    if before:
        yield before
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in steps:
        if step not in ANY_TYPE and before[-1:] not in [("input_mappings",), ("filters",)]:
            yield from places(part, *before, step)
