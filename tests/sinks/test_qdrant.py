"""Qdrant holds the rows of a day, whatever it held before; in the client's local mode, since no server is at hand."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import pytest
from pydantic import SecretStr
from qdrant_client import QdrantClient, models

from mixpeek_assets.settings import load_settings
from mixpeek_assets.sinks.chosen import chosen_sinks
from mixpeek_assets.sinks.errors import SinkDownError, SinkError
from mixpeek_assets.sinks.port import NamedVector, Replaced
from mixpeek_assets.sinks.qdrant import Qdrant, client, points
from mixpeek_assets.sinks.qdrant.names import qdrant_name
from mixpeek_assets.warehouse.views import refresh_views
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.sinks.pages import code_of
from tests.sinks.qdrant_server import QdrantServer, qdrant_server
from tests.sinks.real import exact_neighbours
from tests.sinks.rows import DAY, NEXT_DAY, batches, many_rows, row

KEY = SecretStr("a-key-that-nobody-may-see")


def named(*names: str, dimensions: int | None = 3, vectors: int = 1) -> list[NamedVector]:
    return [NamedVector(name, dimensions, vectors) for name in names or ("multimodal",)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "qdrant"


@pytest.fixture
def sink(folder: Path) -> Qdrant:
    sink = Qdrant(str(folder))
    sink.prepare(named())
    return sink


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    with qdrant_server() as server:
        yield server


@contextmanager
def opened(folder: Path) -> Generator[QdrantClient]:
    found = QdrantClient(path=str(folder))
    try:
        yield found
    finally:
        found.close()


def held(folder: Path) -> dict[str, models.Record]:
    """Return the points by their feature's id."""
    with opened(folder) as local:
        found, _ = local.scroll("mixpeek", limit=1_000, with_vectors=True)
    return {(point.payload or {})["feature_id"]: point for point in found}


def test_a_point_is_a_feature_with_its_named_vectors_its_moment_and_its_video(sink: Qdrant, folder: Path) -> None:
    rows = [
        row("f", (0.0, 1.0, 0.0), metadata='{"shot": 1}', video_metadata='{"title": "Harbour"}'),
        row("f", (1.0, 0.0), vector_name="text"),
        row("f", None, vector_name="words", sparse={"indices": [7, 2, 7], "values": [0.5, 0.25, 0.75]}),
    ]

    assert sink.replace(DAY, batches(rows)) == Replaced(3, 0, 0)

    point = held(folder)["f"]
    assert point.id == str(uuid5(NAMESPACE_URL, "f"))
    assert point.vector == {
        "multimodal": [0.0, 1.0, 0.0],
        "text": [1.0, 0.0],
        "words": models.SparseVector(indices=[2, 7], values=[0.25, 0.75]),
    }
    assert point.payload == {
        "feature_id": "f",
        "partition_date": "2026-01-01",
        "collection": "default",
        "video_id": "video of f",
        "url": "http://127.0.0.1/f.mp4",
        "asset_id": "asset of f",
        "modality": "video",
        "start_time": 1.0,
        "end_time": 2.0,
        "transcription": "what is said in f",
        "metadata": {"shot": 1},
        "video_metadata": {"title": "Harbour"},
        "vector_names": ["multimodal", "text", "words"],
        "digests": {one["vector_name"]: one["digest"] for one in rows},
    }
    assert sink.count(DAY) == 3


def test_the_same_rows_are_unchanged(sink: Qdrant) -> None:
    rows = [row("a"), row("a", (1.0, 0.0), vector_name="text"), row("b")]
    sink.replace(DAY, batches(rows))

    assert sink.replace(DAY, batches(rows)) == Replaced(0, 3, 0)
    assert sink.count(DAY) == 3


def test_a_feature_in_two_batches_is_one_point(sink: Qdrant, folder: Path) -> None:
    rows = [row("a"), row("a", (1.0, 0.0), vector_name="text"), row("b")]

    assert sink.replace(DAY, batches(rows, size=1)) == Replaced(3, 0, 0)
    assert set(held(folder)["a"].vector or {}) == {"multimodal", "text"}


def test_what_changed_is_written_what_is_gone_removed_and_the_rest_left(sink: Qdrant, folder: Path) -> None:
    text = row("a", (1.0, 0.0), vector_name="text")
    sink.replace(DAY, batches([row("a"), text, row("b"), row("c")]))

    replaced = sink.replace(DAY, batches([row("a"), row("b", text="new"), row("d")]))

    assert replaced == Replaced(written=2, unchanged=1, removed=2)
    assert set(held(folder)) == {"a", "b", "d"}
    assert set(held(folder)["a"].vector or {}) == {"multimodal"}
    assert (held(folder)["b"].payload or {})["text"] == "new"
    assert sink.count(DAY) == 3


def test_a_moved_video_is_there_once(sink: Qdrant) -> None:
    sink.replace(DAY, batches([row("a"), row("b")]))

    assert sink.replace(NEXT_DAY, batches([row("a", partition_date=NEXT_DAY)])) == Replaced(1, 0, 0)
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (1, 1)
    assert sink.replace(DAY, batches([row("b")])) == Replaced(0, 1, 0)


def test_an_empty_day_is_removed_and_no_other(sink: Qdrant) -> None:
    sink.replace(DAY, batches([row("a"), row("b")]))
    sink.replace(NEXT_DAY, batches([row("c", partition_date=NEXT_DAY)]))

    assert sink.replace(DAY, batches([])) == Replaced(0, 0, 2)
    assert (sink.count(DAY), sink.count(NEXT_DAY)) == (0, 1)


def test_two_code_locations_share_a_collection(folder: Path) -> None:
    ours, theirs = (Qdrant(str(folder), only=name) for name in ("ours", "theirs"))
    for sink, name in ((ours, "ours"), (theirs, "theirs")):
        sink.prepare(named())
        sink.replace(DAY, batches([row(f"{name} {number}", collection=name) for number in range(2)]))

    assert ours.replace(DAY, batches([])) == Replaced(0, 0, 2)
    assert (ours.count(DAY), theirs.count(DAY), Qdrant(str(folder)).count(DAY)) == (0, 2, 2)


@pytest.mark.parametrize("most", [1, 2])
def test_more_points_than_a_request_takes_are_all_written(
    sink: Qdrant, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "_MOST_POINTS", most)
    monkeypatch.setattr("mixpeek_assets.sinks.qdrant.store._AT_ONCE", most)
    rows = [row(f"f{number}") for number in range(5)]

    assert sink.replace(DAY, batches(rows)) == Replaced(5, 0, 0)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, 5, 0)
    assert sink.replace(DAY, batches(rows[:1])) == Replaced(0, 1, 4)


def test_a_request_is_bounded_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        points.point_of(rows) for _, rows in points.features(batches([row(f"f{n}", [0.1] * 900) for n in range(9)]))
    ]
    monkeypatch.setattr(points, "_MOST_BYTES", 50_000)

    requests = list(points.in_requests(made))

    assert [point for request in requests for point in request] == made
    assert len(requests) > 1
    sizes = [len(models.PointsList(points=request).model_dump_json()) for request in requests]
    assert max(sizes) <= 50_000


def test_a_named_vector_may_be_called_anything(folder: Path) -> None:
    names = ["mixpeek://text@v1", "größer \N{CAT}", "a\"b'c", "50% ~ off", "..", "", "x" * 200, "ü" * 200, "\0"]
    odd = "feature/'\";--\N{SNOWMAN}" * 5
    rows = [row(odd, vector_name=name, url=name) for name in names]
    sink = Qdrant(str(folder))
    sink.prepare(named(*names))

    assert sink.replace(DAY, batches(rows)) == Replaced(len(names), 0, 0)
    assert sink.replace(DAY, batches(rows)) == Replaced(0, len(names), 0)
    point = held(folder)[odd]
    assert set(point.vector or {}) == {qdrant_name(name) for name in names}
    assert (point.payload or {})["vector_names"] == sorted(names)


def test_two_names_are_never_one_in_qdrant() -> None:
    names = ["a/b", "a~2Fb", "a~b", "a:b", "", "~", ".", "..", "~2E", "x" * 201, "x" * 200, "x" * 202]

    called = [qdrant_name(name) for name in names]

    assert len(set(called)) == len(names)
    assert max(len(one.encode()) for one in called) <= 200
    assert qdrant_name("multimodal") == "multimodal"
    assert qdrant_name("mixpeek://text") == "mixpeek~3A~2F~2Ftext", "as the page says"


def test_a_named_vector_that_comes_up_later_is_added(sink: Qdrant, folder: Path) -> None:
    sink.replace(DAY, batches([row("a")]))
    sink.prepare(named() + named("text", dimensions=2))
    sink.replace(DAY, batches([row("a"), row("a", (1.0, 0.0), vector_name="text")]))
    # And one that was not known yet when the run began.
    sink.replace(NEXT_DAY, batches([row("b", [1.0] * 5, vector_name="audio", partition_date=NEXT_DAY)]))

    assert {name: set(point.vector or {}) for name, point in held(folder).items()} == {
        "a": {"multimodal", "text"},
        "b": {"audio"},
    }


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (row("c", (1.0, 0.0)), r"2 of 'multimodal' of 2 numbers, where it has 'multimodal' of 3 numbers"),
        (row("c", None, sparse={"indices": [1], "values": [1.0]}), "2 of 'multimodal' that are sparse"),
    ],
)
def test_another_dimension_is_left_out_and_said_when_all_else_is_written(
    sink: Qdrant, folder: Path, other: dict[str, Any], said: str
) -> None:
    sink.replace(DAY, batches([row("a"), row("c")]))
    rows = [row("a", text="new"), row("b"), {**other, "feature_id": "c"}, {**other, "feature_id": "d"}]

    for _ in range(2):
        with pytest.raises(SinkError, match=said) as raised:
            sink.replace(DAY, batches(rows))
        assert not raised.value.retryable
        assert set(held(folder)) == {"a", "b"}, "the old vector of c is not its vector any more"
    assert sink.count(DAY) == 2


def test_a_new_collection_has_the_dimension_that_most_vectors_have(folder: Path) -> None:
    sink = Qdrant(str(folder))
    sink.prepare([*named(dimensions=2, vectors=9), *named(dimensions=3, vectors=1)])

    assert sink.replace(DAY, batches([row("a", (1.0, 0.0))])) == Replaced(1, 0, 0)


def test_the_settings_of_the_page_turn_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(r"echo '(\w+)=(.*?)'", code_of("qdrant.md", "console")[0]):
        monkeypatch.setenv(name, value.replace("…", "a-key"))

    (chosen,) = chosen_sinks(load_settings())

    assert (chosen.name, chosen.place) == ("qdrant", "http://127.0.0.1:6333")
    assert isinstance(chosen.open(), Qdrant)


@pytest.mark.filterwarnings("ignore:Local mode performs exact")
def test_the_queries_of_the_page_find_what_is_nearest(
    sink: Qdrant, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = np.random.default_rng(1).normal(size=(40, 3)).astype(np.float32)
    rows = many_rows(vectors, transcription="in the harbour")
    rows[7] = row("feature 000007", vectors[7].tolist(), transcription="at sea")
    sink.replace(DAY, batches(rows))
    nearest, filtered = (
        one.replace('url="http://127.0.0.1:6333"', f"path={str(folder)!r}") for one in code_of("qdrant.md")
    )
    query = vectors[7] + 0.01
    names: dict[str, Any] = {"embedding": query.tolist()}

    exec(nearest, names)
    expected = [f"feature {number:06}" for number in exact_neighbours(vectors, query, 11)]
    assert [point.payload["feature_id"] for point in names["found"].points] == expected[:10]
    assert capsys.readouterr().out.splitlines()[0] == "1.000 http://127.0.0.1/feature 000007.mp4 1.0 at sea"

    exec(filtered, names)
    assert [point.payload["feature_id"] for point in names["found"].points] == expected[1:]
    names["client"].close()


def test_the_nearest_are_those_of_the_warehouse(sink: Qdrant, folder: Path, warehouse: Warehouse) -> None:
    vectors = np.random.default_rng(2).normal(size=(30, 3)).astype(np.float32)
    sink.replace(DAY, batches(many_rows(vectors)))
    query = [0.5, -0.5, 0.25]
    with warehouse.database.connection() as connection:
        for number, vector in enumerate(vectors.tolist()):
            connection.execute(
                "INSERT INTO mixpeek.vectors BY NAME SELECT $feature AS feature_id, 'multimodal' AS vector_name,"
                " 3 AS dimensions, $vector::FLOAT[] AS embedding, $day AS partition_date",
                {"feature": f"feature {number:06}", "vector": vector, "day": DAY},
            )
        refresh_views(connection)
        wanted = connection.execute(
            "SELECT feature_id, similarity FROM mixpeek.nearest('multimodal', $query::FLOAT[]) ORDER BY 2 DESC",
            {"query": query},
        ).fetchall()

    with opened(folder) as local:
        found = local.query_points("mixpeek", query, using="multimodal", limit=10).points

    assert [(point.payload or {})["feature_id"] for point in found] == [feature for feature, _ in wanted]
    assert [point.score for point in found] == pytest.approx([similarity for _, similarity in wanted], abs=1e-4)


def test_somebody_elses_collection_is_not_touched(folder: Path) -> None:
    theirs = models.PointStruct(id=1, vector=[1.0, 0.0], payload={"partition_date": "2026-01-01"})
    with opened(folder) as local:
        local.create_collection("mixpeek", models.VectorParams(size=2, distance=models.Distance.DOT))
        local.upsert("mixpeek", [theirs])
    sink = Qdrant(str(folder))

    with pytest.raises(SinkError, match="'mixpeek' that mixpeek-assets has not made"):
        sink.prepare(named())
    with pytest.raises(SinkError, match="not made"):
        sink.replace(DAY, batches([]))

    with opened(folder) as local:
        assert local.count("mixpeek").count == 1
        assert local.get_collection("mixpeek").config.metadata is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"notes.txt": "mine"}, "holds something else"),
        ({"meta.json": '{"title": "mine"}'}, "holds something else"),
        ({"meta.json": "mine"}, "holds something else"),
    ],
)
def test_somebody_elses_folder_is_not_touched(folder: Path, content: dict[str, str], said: str) -> None:
    folder.mkdir()
    for name, text in content.items():
        (folder / name).write_text(text)

    with pytest.raises(SinkError, match=said):
        Qdrant(str(folder)).prepare(named())

    assert {file.name: file.read_text() for file in folder.iterdir()} == content


def test_a_folder_that_is_a_file_is_said(folder: Path) -> None:
    folder.write_text("mine")

    with pytest.raises(SinkError, match=r"cannot be opened: Not a directory"):
        Qdrant(str(folder)).prepare(named())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_folder_that_another_process_has_open_is_said(sink: Qdrant, folder: Path) -> None:
    with opened(folder), pytest.raises(SinkDownError, match="is open elsewhere"):
        sink.replace(DAY, batches([row("a")]))

    assert sink.replace(DAY, batches([row("a")])) == Replaced(1, 0, 0)


def test_nothing_is_printed_or_warned(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sink = Qdrant(str(folder))
    sink.prepare(named())
    sink.replace(DAY, batches([row("a")]))

    assert capfd.readouterr() == ("", "")


KILLED = """
import sys
from mixpeek_assets.sinks.qdrant import Qdrant, points
from tests.sinks.rows import DAY, batches, row

def half():
    yield from batches([row(f"f{number}", text="new") for number in range(5)])
    print("half", flush=True)
    sys.stdin.read()

points._MOST_POINTS = 2
Qdrant(sys.argv[1]).replace(DAY, half())
"""


@pytest.mark.slow
def test_the_next_run_heals_a_day_whose_run_was_killed(sink: Qdrant, folder: Path) -> None:
    sink.replace(DAY, batches([row("f0"), row("old")]))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "half\n"
        os.kill(process.pid, signal.SIGKILL)
    assert set(held(folder)) == {"f0", "f1", "old"}, "it was killed in the middle"

    replaced = sink.replace(DAY, batches([row(f"f{number}", text="new") for number in range(6)]))

    assert replaced == Replaced(written=4, unchanged=2, removed=1)
    assert sink.count(DAY) == 6


@pytest.mark.slow
class TestAServer:
    def test_is_sent_what_a_folder_is(self, server: QdrantServer) -> None:
        sink = Qdrant(server.url, KEY)
        rows = [row("a"), row("a", (1.0, 0.0), vector_name="mixpeek://text"), row("b")]
        sink.prepare(named())

        assert sink.replace(DAY, batches(rows)) == Replaced(3, 0, 0)
        assert sink.replace(DAY, batches(rows)) == Replaced(0, 3, 0)
        assert sink.replace(DAY, batches(rows[:1])) == Replaced(0, 1, 2)
        assert sink.count(DAY) == 1

        assert {request.key for request in server.requests} == {KEY.get_secret_value()}
        assert server.indexes == {"partition_date": "datetime", "collection": "keyword", "vector_names": "keyword"}
        writes = [call for call in server.calls() if call.startswith("PUT") or "delete" in call]
        assert writes[0] == "PUT /collections/mixpeek"
        assert all("wait=true" in call for call in writes[1:]), "a verb ends when its points can be searched"

    def test_is_asked_for_its_version_once_a_run(self, server: QdrantServer) -> None:
        sink = Qdrant(server.url, KEY)
        sink.prepare(named())
        sink.replace(DAY, batches([row("a")]))
        sink.count(DAY)

        assert server.calls().count("GET /") == 1
        assert not [call for call in server.calls() if "telemetry" in call]

    def test_is_sent_nothing_of_an_unchanged_day(self, server: QdrantServer) -> None:
        sink = Qdrant(server.url)
        sink.prepare(named())
        sink.replace(DAY, batches([row("a")]))
        server.requests.clear()
        sink.prepare(named())
        sink.replace(DAY, batches([row("a")]))

        assert [
            call for call in server.calls() if not call.startswith(("GET", "POST /collections/mixpeek/points/s"))
        ] == []

    def test_that_is_too_old_is_said(self, server: QdrantServer) -> None:
        server.version = "1.17.3"

        with pytest.raises(SinkError, match=r"is version 1\.17\.3, .* upgrade it to 1\.18 or newer"):
            Qdrant(server.url).prepare(named())

        server.version = "1.18.0-dev"
        Qdrant(server.url).prepare(named())

    @pytest.mark.parametrize(
        ("status", "content", "said", "retryable"),
        [
            (401, "Invalid API key or JWT", r"does not accept the key \(401\): set MIXPEEK_SINK_QDRANT_KEY", False),
            (403, {"status": {"error": "Forbidden: Global manage access is required"}}, r"key \(403\)", False),
            (400, {"status": {"error": "Wrong input: it says a-key-that-nobody-may-see"}}, "400 Wrong input", False),
            (
                400,
                {"status": {"error": "Payload error: JSON payload (46866880 bytes) is larger than allowed"}},
                "refuses a request: 400 Payload error",
                False,
            ),
            (404, {"status": {"error": "Not found: Collection `mixpeek` doesn't exist!"}}, "cannot answer now", True),
            (404, "<html>not found</html>", "is no Qdrant: check MIXPEEK_SINK_QDRANT", False),
            (301, "", "is no Qdrant", False),
            (200, "<html>hello</html>", "is no Qdrant", False),
            (200, {"result": 1}, "is no Qdrant", False),
            (429, {"status": {"error": "Write rate limit exceeded"}}, "no more requests now: Write rate", True),
            (500, {"status": {"error": "Service internal error: panic"}}, "cannot answer now: 500 Service", True),
            (
                500,
                {"status": {"error": "Service internal error: No space left on device: WAL buffer size exceeds"}},
                "has no room left on its disk",
                True,
            ),
            (502, "Bad Gateway", "cannot answer now: 502 Bad Gateway", True),
        ],
    )
    def test_that_refuses_is_said_in_a_sentence(
        self, server: QdrantServer, status: int, content: Any, said: str, retryable: bool
    ) -> None:
        body = content if isinstance(content, str) else json.dumps({**content, "time": 0.0})
        server.refusals["GET /collections"] = (status, body, {"Retry-After": "7"} if status == 429 else {})

        with pytest.raises(SinkError, match=said) as raised:
            Qdrant(server.url, KEY).prepare(named())

        assert raised.value.retryable == retryable
        assert "\n" not in str(raised.value)
        assert KEY.get_secret_value() not in str(raised.value)
        assert raised.value.__cause__ is None

    def test_that_fails_in_the_middle_is_healed_by_the_next_run(
        self, server: QdrantServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(points, "_MOST_POINTS", 1)
        sink, rows = Qdrant(server.url), [row("a"), row("b"), row("c")]
        sink.prepare(named())

        def failing() -> Iterator[Any]:
            yield from batches(rows)
            server.refusals["PUT /collections/mixpeek/points"] = (503, "unavailable", {})

        with pytest.raises(SinkDownError, match="503 unavailable"):
            sink.replace(DAY, failing())
        server.refusals.clear()

        assert sink.replace(DAY, batches(rows)) == Replaced(2, 1, 0)

    def test_that_does_not_answer_is_said(self, server: QdrantServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(client, "_SECONDS", 1)
        server.silent = "GET /"

        with pytest.raises(SinkDownError, match="did not answer within 1 second"):
            Qdrant(server.url).count(DAY)

    def test_that_is_not_there_is_said(self, server: QdrantServer) -> None:
        url = server.url
        free = url.rpartition(":")[0] + ":1"

        with pytest.raises(SinkDownError, match=r"cannot be reached \(.*refused.*\): start it, or check") as raised:
            Qdrant(free, KEY).prepare(named())
        assert KEY.get_secret_value() not in str(raised.value)


@pytest.mark.parametrize("place", ["http://host:port", "ftp://127.0.0.1"])
def test_a_place_that_is_no_url_is_said(place: str) -> None:
    with pytest.raises(SinkError, match="is no Qdrant: check MIXPEEK_SINK_QDRANT"):
        Qdrant(place).prepare(named())


def test_the_place_has_no_password() -> None:
    assert Qdrant("https://me:secret@qdrant.example:443/path?token=secret").place == "https://qdrant.example:443/path"
