"""The sinks of files keep their copy in a bucket as they do in a folder."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import services
from mixpeek_assets.sinks.errors import SinkDownError, SinkError
from mixpeek_assets.sinks.lance import Lance
from mixpeek_assets.sinks.parquet import ParquetFiles
from mixpeek_assets.sinks.port import NamedVector, Replaced
from tests.sinks.rows import DAY, NEXT_DAY, batches, row

NAMED = [NamedVector("multimodal", 3, 1)]
STORES = [Lance, ParquetFiles]

each_store = pytest.mark.parametrize("store", STORES)
Store = Callable[[str, str | None], Lance | ParquetFiles]
numbers = itertools.count()


@pytest.fixture
def bucket(s3: services.S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket, which the environment can reach."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3.make_bucket(f"sinks-{next(numbers)}")


@each_store
def test_a_bucket_holds_the_rows_of_a_day(store: Store, bucket: str, capfd: pytest.CaptureFixture[str]) -> None:
    sink = store(f"{bucket}/a/b", None)
    assert sink.count(DAY) == 0
    sink.prepare(NAMED)
    rows = [row("a"), row("b"), row("c", vector_name="日/本"), row("d")]

    assert sink.replace(DAY, batches(rows)) == Replaced(4, 0, 0)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 4, 0)
    assert sink.replace(DAY, batches([row("a", [0, 1, 0]), row("d")])) == Replaced(1, 1, 2)
    assert sink.replace(NEXT_DAY, batches([row("e", partition_date=NEXT_DAY)])) == Replaced(1, 0, 0)
    store(f"{bucket}/a/b", None).prepare(NAMED)
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (2, 1)
    assert sink.replace(DAY, []) == Replaced(0, 0, 2)
    assert capfd.readouterr() == ("", "")


@each_store
def test_a_bucket_that_is_not_there_is_said(store: Store, bucket: str) -> None:
    with pytest.raises(SinkError, match="there is no such bucket: create it, or correct MIXPEEK_SINK_"):
        store("s3://nowhere/prefix", None).prepare(NAMED)


@each_store
@pytest.mark.parametrize(
    ("variable", "value"),
    [("AWS_SECRET_ACCESS_KEY", "wrong-secret"), ("AWS_ACCESS_KEY_ID", services.READER_KEY)],
)
def test_keys_that_may_not_write_are_said_and_not_shown(
    store: Store, variable: str, value: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SinkError, match="the keys are wrong, or may not write there: check the AWS_") as error:
        store(f"{bucket}/prefix", None).prepare(NAMED)
    assert not error.value.retryable
    assert value not in str(error.value)


@each_store
def test_no_keys_at_all_are_said(store: Store, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(SinkError, match="keys"):
        store(f"{bucket}/prefix", None).prepare(NAMED)


@each_store
def test_a_server_that_does_not_answer_is_tried_again_by_the_next_run(
    store: Store, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = services.free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")

    with pytest.raises(SinkDownError, match="does not answer") as error:
        store(f"{bucket}/prefix", None).prepare(NAMED)
    assert error.value.retryable
