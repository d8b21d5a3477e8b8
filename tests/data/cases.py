"""One line for each thing that may be odd in a reply, and what becomes of it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.data.served import Row

LONG = "a named vector " * 14
HOSTILE = """it's "x"; DROP TABLE mixpeek.vectors; --"""
NOON = datetime(2024, 11, 7, 12, 0, 0, 500000, UTC)
NO_VECTORS = "the reply holds no vectors"
NOT_FINITE = "holds something that is not a finite number"
NO_FLOAT = "holds a number that is too large for a FLOAT"
NO_FORM = "is neither a list of numbers nor a sparse vector"
PLAIN = '"vectors": {"v": [1]}'


@dataclass(frozen=True)
class Feature:
    """A feature as it is listed, as its own reply gives it (both as they are on the wire), and what is to be landed.

    Attributes:
        what: What is odd.
        detail: The fields of its reply.
        listed: The fields of its entry in the list.
        vectors: What lands, dense ones.
        sparse: What lands, sparse ones: the indices and their values.
        rejected: What the reasons of its rejects say, in their order.
        columns: What the row of `features` holds, among others.
    """

    what: str
    detail: str = PLAIN
    listed: str = '"modality": "video"'
    vectors: dict[str, list[float]] = field(default_factory=dict)
    sparse: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    columns: Row = field(default_factory=dict)


def vectors(what: str, detail: str, landed: dict[str, list[float]], *rejected: str) -> Feature:
    return Feature(what, f'"vectors": {detail}', vectors=landed, rejected=rejected)


def sparse(what: str, detail: str, landed: dict[str, tuple[list[int], list[float]]], *rejected: str) -> Feature:
    return Feature(what, f'"vectors": {detail}', sparse=landed, rejected=rejected)


def fields(what: str, listed: str, **columns: Any) -> Feature:
    return Feature(what, listed=listed, vectors={"v": [1]}, columns=columns)


def merged(what: str, listed: str, detail: str, **columns: Any) -> Feature:
    return Feature(what, f'{detail}, "vectors": {{"v": [1]}}', listed, vectors={"v": [1]}, columns=columns)


FEATURES = [
    # Dimensions.
    vectors("another dimension", '{"v": [1, 2, 3]}', {"v": [1, 2, 3]}),
    vectors("several dimensions", '{"a": [1], "b": [1, 2]}', {"a": [1], "b": [1, 2]}),
    vectors("1,408 dimensions", f'{{"v": {[0.5] * 1408}}}', {"v": [0.5] * 1408}),
    # Numbers that are none, or not for a FLOAT.
    vectors("an empty vector", '{"v": [], "w": [1]}', {"w": [1]}, "'v' is empty"),
    vectors("NaN", '{"v": [1, NaN], "w": [1]}', {"w": [1]}, f"'v' {NOT_FINITE}"),
    vectors("Infinity", '{"v": [Infinity, -Infinity], "w": [1]}', {"w": [1]}, f"'v' {NOT_FINITE}"),
    vectors("null in a vector", '{"v": [1, null], "w": [1]}', {"w": [1]}, f"'v' {NOT_FINITE}"),
    vectors("a boolean in a vector", '{"v": [true], "w": [1]}', {"w": [1]}, f"'v' {NOT_FINITE}"),
    vectors("strings in place of numbers", '{"v": ["1", "2"], "w": [1]}', {"w": [1]}, f"'v' {NOT_FINITE}"),
    vectors("a vector in a vector", '{"v": [[1]], "w": [1]}', {"w": [1]}, f"'v' {NOT_FINITE}"),
    vectors("a string in place of a vector", '{"v": "[1, 2]", "w": [1]}', {"w": [1]}, f"'v' {NO_FORM}"),
    vectors("null in place of a vector", '{"v": null, "w": [1]}', {"w": [1]}, f"'v' {NO_FORM}"),
    vectors("a number too large for a FLOAT", '{"v": [1e39], "w": [1]}', {"w": [1]}, f"'v' {NO_FLOAT}"),
    vectors("a number too large for a DOUBLE", '{"v": [1e999], "w": [1]}', {"w": [1]}, f"'v' {NOT_FINITE}"),
    vectors("whole numbers and exponents", '{"v": [0, -1, 2e0, 1E-3]}', {"v": [0, -1, 2, 0.001]}),
    vectors("more digits than a FLOAT keeps", '{"v": [0.12345678901234567, 1e-46]}', {"v": [0.12345678901234567, 0]}),
    vectors("numbers beyond 2^53 in a vector", '{"v": [9007199254740993, 1' + "0" * 30 + "]}", {"v": [2.0**53, 1e30]}),
    # Sparse vectors.
    sparse("a sparse vector", '{"k": {"indices": [3, 70000], "values": [0.5, 1]}}', {"k": ([3, 70000], [0.5, 1])}),
    sparse("sparse, with more values than indices", '{"k": {"indices": [3], "values": [1, 2]}}', {}, f"'k' {NO_FORM}"),
    sparse("sparse, with a negative index", '{"k": {"indices": [-3], "values": [1]}}', {}, f"'k' {NO_FORM}"),
    sparse("sparse, with NaN", '{"k": {"indices": [3], "values": [NaN]}}', {}, f"'k' {NO_FORM}"),
    sparse("sparse and empty", '{"k": {"indices": [], "values": []}}', {}, f"'k' {NO_FORM}"),
    Feature(
        "sparse beside dense",
        '"vectors": {"k": {"indices": [3], "values": [1]}, "v": [1, 2]}',
        vectors={"v": [1, 2]},
        sparse={"k": ([3], [1])},
    ),
    # No vectors at all.
    Feature("no key `vectors`", '"text": "EXIT"', rejected=(NO_VECTORS,), columns={"text": "EXIT"}),
    vectors("vectors that are null", "null", {}, NO_VECTORS),
    vectors("an empty object of vectors", "{}", {}, NO_VECTORS),
    vectors("a list of vectors", "[[1, 2]]", {}, NO_VECTORS),
    # Names of vectors.
    vectors("spaces in a name", '{" my  vector ": [1]}', {" my  vector ": [1]}),
    vectors("quotes and SQL in a name", json.dumps({HOSTILE: [1]}), {HOSTILE: [1]}),
    vectors("a name of 200 characters and more", json.dumps({LONG: [1]}), {LONG: [1]}),
    vectors("an emoji in a name", '{"\\ud83c\\udfac": [1]}', {"🎬": [1]}),
    vectors("half an emoji in a name", '{"\\ud83c": [1]}', {"?": [1]}),
    vectors("an empty name", '{"": [1]}', {"": [1]}),
    vectors("a line break and a zero in a name", '{"a\\nb\\u0000c": [1]}', {"a\nb\0c": [1]}),
    vectors("names that differ in case", '{"V": [1], "v": [1, 2]}', {"V": [1], "v": [1, 2]}),
    vectors("names that would share a view", '{"a b": [1], "a-b": [1]}', {"a b": [1], "a-b": [1]}),
    # Fields of a feature.
    fields("quotes and SQL in a text", f'"text": {json.dumps(HOSTILE)}', text=HOSTILE),
    fields(
        "line breaks in a text", '"transcription": "one\\ntwo\\r\\n\\tthree "', transcription="one\ntwo\r\n\tthree "
    ),
    fields("an emoji in a text", '"description": "\\ud83c\\udfac \\u00e9"', description="🎬 é"),
    fields("half an emoji in a text", '"text": "\\ud83c!"', text="?!"),
    fields("a zero in a text", '"text": "a\\u0000b"', text="a\0b"),
    fields("an empty text", '"text": ""', text=None),
    fields("another type of text", '"text": ["a"], "description": 5', text=None, description="5"),
    fields("strings in place of times", '"start_time": "0:10", "end_time": "20"', start_time=None, end_time=None),
    fields("numbers that are times", '"start_time": 10, "end_time": 19.999', start_time=10.0, end_time=19.999),
    fields("NaN in a time", '"start_time": NaN, "end_time": 1', start_time=None, end_time=1.0),
    fields("unknown fields", '"emotions": ["joy"], "x": {"": null}', payload={"emotions": ["joy"], "x": {"": None}}),
    fields(
        "null in every field",
        '"modality": null, "collection_id": null, "start_time": null, "end_time": null, "text": null,'
        ' "transcription": null, "description": null, "metadata": null, "created_at": null',
        modality="video",
        text=None,
        metadata=None,
        created_at=None,
    ),
    fields("metadata that is no object", '"metadata": ["a", 1]', metadata=["a", 1]),
    fields(
        "metadata with quotes and SQL", f'"metadata": {json.dumps({HOSTILE: HOSTILE})}', metadata={HOSTILE: HOSTILE}
    ),
    fields(
        "numbers beyond 2^53",
        '"metadata": {"n": [9007199254740993, -9223372036854775808, 18446744073709551615]}, "n": 9007199254740993',
        metadata={"n": [2**53 + 1, -(2**63), 2**64 - 1]},
        payload={"metadata": {"n": [2**53 + 1, -(2**63), 2**64 - 1]}, "n": 2**53 + 1},
    ),
    fields(
        "numbers beyond 2^53 beside NaN",
        '"metadata": {"n": [9007199254740993, -9223372036854775808, 18446744073709551615, NaN]}',
        metadata={"n": [2**53 + 1, -(2**63), 2**64 - 1, None]},
    ),
    fields(
        "numbers beyond 64 bits",
        '"metadata": {"n": 123456789012345678901234567890}',
        metadata={"n": 1.2345678901234568e29},
    ),
    # Times.
    fields("a time with Z", '"created_at": "2024-11-07T12:00:00.500Z"', created_at=NOON),
    fields("a time with a small z", '"created_at": "2024-11-07t12:00:00.500z"', created_at=NOON),
    fields("a time with an offset", '"created_at": "2024-11-07T14:00:00.500+02:00"', created_at=NOON),
    fields("a time without a zone", '"created_at": "2024-11-07T12:00:00.500000"', created_at=NOON),
    fields("a time with a blank", '"created_at": "2024-11-07 12:00:00.5"', created_at=NOON),
    fields("a time that is none", '"created_at": "soon"', created_at=None, payload={"created_at": "soon"}),
    fields("a time that is a number", '"created_at": 1730980800', created_at=None, payload={"created_at": 1730980800}),
    fields("a time that never comes", '"created_at": "infinity"', created_at=None, payload={"created_at": "infinity"}),
    fields("a time that is a word", '"created_at": "epoch"', created_at=None, payload={"created_at": "epoch"}),
    fields("a month that is none", '"created_at": "2024-13-07T12:00:00"', created_at=None),
    # What the list and the reply say of one feature.
    merged(
        "a reply that lacks what the list gave",
        '"text": "EXIT", "start_time": 1.5, "metadata": {"author": "user"}, "emotions": ["joy"]',
        '"modality": "text"',
        text="EXIT",
        start_time=1.5,
        modality="text",
        metadata={"author": "user"},
        payload={
            "text": "EXIT",
            "start_time": 1.5,
            "metadata": {"author": "user"},
            "emotions": ["joy"],
            "modality": "text",
        },
    ),
    merged(
        "a reply with null for what the list gave",
        '"text": "EXIT", "metadata": {"author": "user"}, "created_at": "2024-11-07T12:00:00.500"',
        '"text": null, "metadata": null, "created_at": null',
        text="EXIT",
        metadata={"author": "user"},
        created_at=NOON,
    ),
    merged(
        "a reply with nothing in what the list gave",
        '"text": "EXIT", "metadata": {"author": "user"}, "emotions": ["joy"]',
        '"text": "", "metadata": {}, "emotions": [], "bbox": {}',
        text="EXIT",
        metadata={"author": "user"},
        payload={"text": "EXIT", "metadata": {"author": "user"}, "emotions": ["joy"], "bbox": {}},
    ),
    merged("a reply that says more", '"text": "EXIT"', '"text": "EXIT 4", "end_time": 2', text="EXIT 4", end_time=2.0),
    merged(
        "a reply with another type",
        '"text": "EXIT", "start_time": 1',
        '"text": [], "start_time": "x"',
        text="EXIT",
        start_time=1.0,
    ),
]


@dataclass(frozen=True)
class Asset:
    """An asset's reply, as it is on the wire, and what is to be landed.

    Attributes:
        what: What is odd.
        body: The reply; `{id}` stands for an id of its own.
        features: The features that land, by the end of their ids, with their modality.
        rejected: What the reasons of its rejects say, in their order.
        columns: What the row of `assets` holds, among others; None for no row.
    """

    what: str
    body: str
    features: dict[str, str | None] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    columns: Row | None = field(default_factory=dict)


def asset(what: str, fields: str, **columns: Any) -> Asset:
    return Asset(what, f'{{"asset": {{{fields}}}, "features": {{}}}}', columns=columns)


def lists(what: str, features: str, landed: dict[str, str | None], *rejected: str) -> Asset:
    return Asset(what, f'{{"asset": {{}}, "features": {features}}}', landed, rejected)


NO_ID = "has no feature_id"
ASSETS = [
    # Lists of features.
    lists("an unknown modality", '{"hologram": [{"feature_id": "1 {id}"}]}', {"1": "hologram"}),
    lists("a modality without a name", '{"": [{"feature_id": "1 {id}"}]}', {"1": ""}),
    lists(
        "a modality that differs from its list's",
        '{"text": [{"feature_id": "1 {id}", "modality": "ocr"}]}',
        {"1": "ocr"},
    ),
    lists("null in place of lists", '{"video": null, "image": [{"feature_id": "1 {id}"}], "text": []}', {"1": "image"}),
    lists("null in place of all lists", "null", {}),
    lists("a list in place of lists", '[{"feature_id": "1 {id}", "modality": "text"}]', {"1": "text"}),
    lists("a string in place of lists", '"none"', {}, "neither an object nor a list"),
    lists("a string in place of a list", '{"video": "none", "text": [{"feature_id": "1 {id}"}]}', {"1": "text"}, NO_ID),
    lists("null in a list", '{"text": [null, {"feature_id": "1 {id}"}, {"text": "x"}]}', {"1": "text"}, NO_ID, NO_ID),
    lists(
        "an id that is no text",
        '{"text": [{"feature_id": []}, {"feature_id": NaN}, {"feature_id": ""}]}',
        {},
        *[NO_ID] * 3,
    ),
    lists(
        "a feature that is listed twice",
        '{"text": [{"feature_id": "1 {id}"}], "image": [{"feature_id": "1 {id}"}]}',
        {"1": "image"},
    ),
    lists(
        "features of which one is another asset's",
        '{"text": [{"feature_id": "shared"}, {"feature_id": "1 {id}"}]}',
        {"1": "text"},
        "belongs to another asset",
    ),
    Asset("no features at all", '{"asset": {"status": "DONE"}}', columns={"status": "DONE", "feature_count": 0}),
    Asset("no asset", '{"features": {"text": [{"feature_id": "1 {id}"}]}}', {"1": "text"}, columns={"status": None}),
    Asset("null in place of an asset", '{"asset": null, "status": "DONE"}', columns={"status": "DONE"}),
    Asset("its fields beside its features", '{"status": "DONE", "features": {}}', columns={"status": "DONE"}),
    Asset("a list in place of the reply", "[]", rejected=("a reply that is not a JSON object",), columns=None),
    Asset("a string in place of the reply", '"none"', rejected=("a reply that is not a JSON object",), columns=None),
    # Fields of an asset.
    asset(
        "null in every field of an asset",
        '"status": null, "metadata": null, "error": null, "score": null, "url": null',
        status=None,
        metadata=None,
        error=None,
        score=None,
    ),
    asset("unknown fields of an asset", '"x": [1, {"y": null}]', payload={"x": [1, {"y": None}]}),
    asset("an error that is a string", '"error": "moov atom not found"', error="moov atom not found"),
    asset("an error that is an object", '"error": {"code": 3}', error={"code": 3}),
    asset("a string in place of a score", '"score": "0.5"', score=None, payload={"score": "0.5"}),
    asset("a score beyond any", '"score": 1e999', score=None),
    asset("a hash by its old name", '"unique_hash": "abc"', file_hash="abc"),
    asset(
        "times of an asset",
        '"created_at": "2024-11-07T12:00:00.500000", "updated_at": "2024-11-07T12:00:00.5Z"',
        created_at=NOON,
        updated_at=NOON,
    ),
    asset(
        "metadata beyond 2^53",
        '"metadata": {"n": [9007199254740993, 18446744073709551615]}',
        metadata={"n": [2**53 + 1, 2**64 - 1]},
    ),
]
