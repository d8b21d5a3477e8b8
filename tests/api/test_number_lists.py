"""A reply whose long lists of numbers are read apart is the reply that is read as a whole."""

import json
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from mixpeek_assets.api.assets.records import read_feature
from mixpeek_assets.api.documents.records import read_document
from mixpeek_assets.api.number_lists import NumberList, read_apart
from mixpeek_assets.api.redact import KeyMask
from mixpeek_assets.strict_json import JsonObject

KEY = "sk_test_0123456789"
LONG = 100
NUMBERS = b"[" + b"1.50, 2e0,-0.0," * 30 + b"7]"


def apart(content: bytes) -> JsonObject | None:
    return read_apart(content, KeyMask(SecretStr(KEY)).reply)


@given(
    vectors=st.dictionaries(
        st.text(max_size=5), st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4), max_size=3
    ),
    said=st.text(alphabet='[]"\\\n,1 {}:', max_size=12),
    inner=st.booleans(),
    indent=st.sampled_from([None, 0, 2]),
)
def test_a_reply_that_is_read_apart_is_the_same_and_each_list_has_its_own_text(
    vectors: dict[str, list[float]], said: str, inner: bool, indent: int | None
) -> None:
    lists = {name: numbers * LONG for name, numbers in vectors.items()}
    whole = {"text": said, "results": [{**lists, "said": said}, [lists] if inner else []], said: "end"}

    found = apart(json.dumps(whole, indent=indent).encode())

    assert found is None or found == whole
    assert found is not None or indent is not None or not any(map(len, lists.values()))
    for numbers in lists_in(found):
        assert b"\n" not in numbers.as_sent
        assert orjson.loads(numbers.as_sent) == numbers


def lists_in(value: Any) -> Sequence[NumberList]:
    if isinstance(value, NumberList):
        return [value]
    each = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [found for item in each for found in lists_in(item)]


@pytest.mark.parametrize(
    "content",
    [
        b'{"results": []}',
        b'{"v": [1, 2, 3]}',
        b'{"said": "a list: ' + NUMBERS + b'"}',
        b'{"said": "' + NUMBERS + b'", "v": ' + NUMBERS + b"}",
        b'{"v": ' + NUMBERS + b', "v": ' + NUMBERS + b"}",
        b"{" + NUMBERS + b": 1}",
        b'{"v": ' + NUMBERS,
        b'{"v": ' + NUMBERS.replace(b"1.50", b"1.5.0") + b"}",
        b'{"v": ' + NUMBERS.replace(b"1.50", b"NaN") + b"}",
        b'{"v": ' + NUMBERS.replace(b"1.50", b"true") + b"}",
        b'{"v": ' + NUMBERS.replace(b",", b",\n") + b"}",
        NUMBERS,
        b"[" * 1_000_000 + b"]" * 1_000_000,
        b"",
    ],
)
def test_what_cannot_be_read_apart_is_left_to_be_read_as_a_whole(content: bytes) -> None:
    assert apart(content) is None


def test_the_key_is_masked_in_what_is_read_apart() -> None:
    found = apart(b'{"said": "it is %s", "v": %s}' % (KEY.encode(), NUMBERS))

    assert found is not None
    assert found["said"] == "it is ***"
    assert found["v"] == json.loads(NUMBERS)


def test_an_embedding_is_kept_as_it_was_sent_in_either_style() -> None:
    feature = apart(b'{"vectors": {"clip": %s}}' % NUMBERS)
    document = apart(b'{"clip": %s}' % NUMBERS)

    assert feature is not None
    assert document is not None
    for reply in (read_feature(feature, "f1"), read_document(document, "f1", {"clip"})):
        assert orjson.dumps(reply.as_sent["clip"]) == NUMBERS
        assert reply.dense["clip"] == json.loads(NUMBERS)
        assert reply.problems == []


def test_a_long_list_with_a_number_that_no_float_holds_is_a_problem() -> None:
    feature = apart(b'{"vectors": {"clip": %s}}' % NUMBERS.replace(b"1.50", b"1e39"))

    assert feature is not None
    reply = read_feature(feature, "f1")
    assert reply.dense == reply.as_sent == {}
    assert "too large" in reply.problems[0].reason
