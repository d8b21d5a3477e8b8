import json
import threading
import time
from typing import Any

import pytest

from mixpeek_assets.api.errors import AuthenticationError, NotYetVisibleError
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.commands import forked
from tests.fakes.mixpeek import Answer, Request, ScriptedMixpeek, Video
from tests.fakes.pipeline import TODAY, add_videos, land, let_pass, poll, submit
from tests.warehouse.asking import ask

DETAIL = "GET /features/"
LIST = "GET /assets/"


def count(warehouse: Warehouse, table: str) -> int:
    counts: dict[Any, int] = ask(warehouse, Reader.table_counts)
    return counts[table]


def cells(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.database.connection(read_only=True) as connection:
        return connection.execute(query).fetchall()


def settle(mixpeek: ScriptedMixpeek, videos: dict[str, Video]) -> None:
    """Submit videos and see their tasks over."""
    mixpeek.videos.update(videos)
    for video in videos.values():
        video.statuses = ["DONE"]
    add_videos(sorted(videos))
    submit()
    poll()


def videos_with_features(mixpeek: ScriptedMixpeek, videos: int, features: int) -> dict[str, Video]:
    return {
        f"http://videos.test/{number}.mp4": Video(
            features={"video": [mixpeek.feature("video", str(place), start_time=place) for place in range(features)]}
        )
        for number in range(videos)
    }


def test_what_an_asset_lists_is_landed_with_its_vectors(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 3, 4))

    assets, vectors = land()

    assert (assets.fetched, vectors.fetched) == (3, 12)
    assert [count(warehouse, table) for table in ("assets", "features", "vectors", "rejects")] == [3, 12, 12, 0]
    assert cells(warehouse, "SELECT count(*) FROM mixpeek.tasks WHERE landed_at IS NULL") == [(0,)]
    assert cells(warehouse, "SELECT count(*), typeof(any_value(embedding)) FROM mixpeek.vectors_multimodal") == [
        (12, "FLOAT[3]")
    ]


def test_nothing_is_fetched_twice(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 2, 5))
    land()
    before = len(mixpeek.requests)

    land()

    assert len(mixpeek.requests) == before


def test_refresh_fetches_again_and_replaces(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 1, 2))
    land()
    (changed, _) = mixpeek.vectors
    mixpeek.vectors[changed] = {"multimodal": [0.0, 0.0, 1.0, 0.0]}

    land(refresh=True)

    assert count(warehouse, "vectors") == 2
    assert cells(warehouse, f"SELECT dimensions FROM mixpeek.vectors WHERE feature_id = '{changed}'") == [(4,)]


def test_an_empty_list_is_never_taken_for_there_is_nothing(mixpeek: ScriptedMixpeek, warehouse: Warehouse) -> None:
    videos = videos_with_features(mixpeek, 1, 3)
    settle(mixpeek, videos)
    land()
    next(iter(videos.values())).features["video"] = None

    land(refresh=True)

    assert [count(warehouse, table) for table in ("features", "vectors")] == [3, 3]


def test_a_detail_that_lacks_a_field_does_not_erase_what_the_list_gave(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    feature = mixpeek.feature("text", "x", text="two people inside a car", start_time=1.5, emotions=["calm"])
    settle(mixpeek, {"http://videos.test/a.mp4": Video(features={"video": [], "text": [feature], "audio": None})})

    land()

    query = "SELECT text, start_time, payload ->> '$.emotions[0]' FROM mixpeek.features"
    assert cells(warehouse, query) == [("two people inside a car", 1.5, "calm")]


def test_one_feature_in_trouble_stops_no_other_and_is_all_that_the_next_run_fetches(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 2, 10))
    sick = next(iter(mixpeek.vectors))
    mixpeek.script(DETAIL + sick, Answer(b"oops", 503), for_ever=True)

    _, vectors = land()

    assert (vectors.fetched, len(vectors.unfinished)) == (19, 1)
    assert sick in str(vectors.unfinished[0])
    assert count(warehouse, "vectors") == 19

    mixpeek.unscript()
    before = len(mixpeek.asked(DETAIL))
    land()
    assert [request.path for request in mixpeek.asked(DETAIL)[before:]] == [f"/features/{sick}"]
    assert count(warehouse, "vectors") == 20


def test_one_asset_in_trouble_does_not_keep_the_vectors_of_another(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 2, 2))
    sick = next(iter(mixpeek.assets))
    mixpeek.script(LIST + sick, Answer(b"oops", 500), for_ever=True)

    assets, vectors = land()

    assert len(assets.unfinished) == 1
    assert vectors.fetched == 2


def test_what_the_server_does_not_know_is_rejected_with_the_reason_and_not_asked_for_again(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 1, 3))
    gone = next(iter(mixpeek.vectors))
    kept = mixpeek.vectors.pop(gone)
    let_pass(hours=1)

    land()
    land()

    assert cells(warehouse, "SELECT endpoint, object_id FROM mixpeek.rejects") == [("GET /features/{id}", gone)]
    assert "404" in cells(warehouse, "SELECT reason FROM mixpeek.rejects")[0][0]
    assert len(mixpeek.asked(DETAIL + gone)) == 1
    assert cells(warehouse, "SELECT count(*) FROM mixpeek.tasks WHERE landed_at IS NULL") == [(0,)]

    mixpeek.vectors[gone] = kept
    land(refresh=True)
    assert [count(warehouse, table) for table in ("vectors", "rejects")] == [3, 0]


@pytest.mark.parametrize("what", [LIST, DETAIL])
def test_what_is_not_visible_at_first_is_asked_for_until_it_is(
    what: str, mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 1, 1))
    missing = {"success": False, "status": 404, "error": {"message": "not found", "type": "NotFound"}}
    mixpeek.script(what, Answer(missing, 404), Answer(missing, 404))

    land()

    assert [count(warehouse, table) for table in ("assets", "vectors", "rejects")] == [1, 1, 0]
    assert len(mixpeek.asked(what)) == 3


@pytest.mark.parametrize(("what", "table"), [(LIST, "assets"), (DETAIL, "vectors")])
def test_what_does_not_become_visible_is_left_to_the_next_run_and_at_last_rejected(
    what: str, table: str, mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 1, 1))
    missing = {"success": False, "status": 404, "error": {"message": "not found", "type": "NotFound"}}
    mixpeek.script(what, Answer(missing, 404), for_ever=True)

    unfinished = [error for landed in land() for error in landed.unfinished]

    assert [(type(error), error.status) for error in unfinished] == [(NotYetVisibleError, 404)]
    assert [count(warehouse, name) for name in (table, "rejects")] == [0, 0]
    assert ask(warehouse, Reader.partitions_to_land) == [TODAY]
    let_pass(hours=1)
    land()
    assert [count(warehouse, name) for name in (table, "rejects")] == [0, 1]
    assert ask(warehouse, Reader.partitions_to_land) == []


def test_the_good_vectors_of_a_feature_land_and_the_bad_are_rejected(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    hostile = 'x"; DROP TABLE mixpeek.vectors; --'
    vectors = {
        "good": [1.0, 0.0],
        "empty": [],
        "words": ["1.0", "2.0"],
        "holes": [1.0, None],
        "huge": [1e300],
        "keyword": {"indices": [3, 7], "values": [0.5, 0.25]},
        hostile: [0.0, 1.0, 0.0],
    }
    feature = mixpeek.feature("image", "x", vectors=vectors)
    settle(mixpeek, {"http://videos.test/a.mp4": Video(features={"image": [feature]})})

    land()

    landed = cells(warehouse, "SELECT vector_name, dimensions, sparse IS NOT NULL FROM mixpeek.vectors ORDER BY ALL")
    assert landed == [("good", 2, False), ("keyword", None, True), (hostile, 3, False)]
    reasons = " ".join(reason for (reason,) in cells(warehouse, "SELECT reason FROM mixpeek.rejects"))
    assert [name for name in ("empty", "words", "holes", "huge") if f"'{name}'" in reasons] == [
        "empty",
        "words",
        "holes",
        "huge",
    ]


def test_a_feature_without_vectors_is_rejected_and_its_list_entry_stays(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    feature = mixpeek.feature("audio", "x", vectors={})
    settle(mixpeek, {"http://videos.test/a.mp4": Video(features={"audio": [feature]})})

    land()

    assert [count(warehouse, table) for table in ("features", "vectors", "rejects")] == [1, 0, 1]


def test_listed_is_landed_plus_rejected_when_the_list_itself_is_odd(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    good = mixpeek.feature("video", "x")
    settle(mixpeek, {"http://videos.test/a.mp4": Video(features={"video": [good, good, {"modality": "video"}, 7]})})  # pyright: ignore[reportArgumentType]

    land()

    assert cells(warehouse, "SELECT feature_count FROM mixpeek.assets") == [(3,)]
    assert [count(warehouse, table) for table in ("features", "vectors", "rejects")] == [1, 1, 2]


def test_a_key_that_is_withdrawn_in_the_middle_stops_the_run_and_keeps_what_came(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "2")
    settle(mixpeek, videos_with_features(mixpeek, 1, 30))
    denied = Answer({"success": False, "status": 401, "error": {"message": "Invalid API key"}}, 401)
    allowed = 10

    def withdraw(_: object) -> None:
        if len(mixpeek.asked(DETAIL)) >= allowed:
            mixpeek.script(DETAIL, denied, for_ever=True)

    mixpeek.on_request = withdraw
    with pytest.raises(AuthenticationError):
        land()

    landed = count(warehouse, "vectors")
    assert 0 < landed < 30
    assert count(warehouse, "rejects") == 0
    mixpeek.on_request = None
    mixpeek.unscript()
    land()
    assert count(warehouse, "vectors") == 30
    assert len(mixpeek.asked(DETAIL)) <= 30 + 3


def test_a_death_in_the_middle_fetches_nothing_again_but_what_was_in_flight(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "4")
    settle(mixpeek, videos_with_features(mixpeek, 5, 30))
    mixpeek.on_request = lambda _: time.sleep(0.005)

    for deaths in (20, 60, 100):
        process = forked(land)
        process.start()
        deadline = time.monotonic() + 60
        while len(mixpeek.asked(DETAIL)) < deaths and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        process.join(10)
    land()

    assert [count(warehouse, table) for table in ("assets", "features", "vectors")] == [5, 150, 150]
    assert len(mixpeek.asked(LIST)) == 5
    # Each death may leave as many answers unkept as were in flight, or were read and not yet written.
    assert len(mixpeek.asked(DETAIL)) <= 150 + 3 * 4


def test_two_landings_of_one_partition_at_once_fetch_each_feature_once(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 2, 30))

    def locked_landing() -> None:
        with warehouse.partitions_locked("land", [day]):
            land()

    ((day,),) = cells(warehouse, "SELECT DISTINCT partition_date FROM mixpeek.tasks")
    runs = [threading.Thread(target=locked_landing) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)

    assert len(mixpeek.asked(DETAIL)) == 60
    assert count(warehouse, "vectors") == 60


def test_a_reply_that_is_nested_too_deeply_is_rejected_and_stops_no_other(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 1, 3))
    deep = b'{"metadata":' + b"[" * 500 + b"]" * 500 + b',"vectors":{"multimodal":[1.0]}}'
    mixpeek.script(DETAIL + next(iter(mixpeek.vectors)), Answer(deep))

    land()

    assert [count(warehouse, table) for table in ("vectors", "rejects")] == [2, 1]
    assert "cannot be kept" in cells(warehouse, "SELECT reason FROM mixpeek.rejects")[0][0]


def test_fetching_goes_on_while_what_came_before_waits_to_be_loaded(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 2, 20))
    monkeypatch.setattr("mixpeek_assets.warehouse.spool.FILE_BYTES", 1)  # every reply is one to load
    held, all_asked = threading.Event(), threading.Event()

    def hold() -> None:
        with warehouse.database.connection():
            held.set()
            assert all_asked.wait(30), "nobody asks while the file is held"

    holder = threading.Thread(target=hold)

    def on_request(request: Request) -> None:
        if request.path.startswith("/features/"):
            if not held.is_set():
                holder.start()
                assert held.wait(10)
            if len(mixpeek.asked(DETAIL)) == 39:  # this one is counted once it is answered
                all_asked.set()

    mixpeek.on_request = on_request
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "1")
    _, vectors = land()
    holder.join()
    assert all_asked.is_set()
    assert vectors.fetched == count(warehouse, "vectors") == 40


ONE: dict[str, list[float]] = {"clip": [0.5, -1e-3, 10**30]}


@pytest.mark.parametrize(
    ("text", "vectors", "indent", "encoding"),
    [
        pytest.param("a door", ONE, None, "utf-8", id="one, on one line"),
        pytest.param("a door", ONE, 1, "utf-8", id="one, a number a line"),
        pytest.param("a [door]", ONE, None, "utf-8", id="one, and brackets in words"),
        pytest.param("a door", ONE, None, "utf-16", id="one, in letters of two bytes"),
        pytest.param("a door", ONE | {"text": [1.0]}, None, "utf-8", id="two"),
    ],
)
def test_numbers_land_as_they_were_sent_however_the_reply_is_written(
    mixpeek: ScriptedMixpeek,
    warehouse: Warehouse,
    text: str,
    vectors: dict[str, list[float]],
    indent: int | None,
    encoding: str,
) -> None:
    settle(mixpeek, videos_with_features(mixpeek, 1, 1))
    reply = {"modality": "video", "text": text, "vectors": vectors}
    mixpeek.script(DETAIL, Answer(json.dumps(reply, indent=indent).encode(encoding)))

    land()

    landed = dict(cells(warehouse, "SELECT vector_name, embedding::DOUBLE[] FROM mixpeek.vectors"))
    assert {name: list(numbers) for name, numbers in landed.items()} == {
        name: pytest.approx(numbers) for name, numbers in vectors.items()
    }
    assert cells(warehouse, "SELECT text FROM mixpeek.features") == [(text,)]
