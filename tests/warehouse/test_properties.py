"""Whatever is said, in whatever order: what is kept is what came, and a video has one task at most."""

import uuid
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixpeek_assets.warehouse.warehouse import SubmissionRules, Warehouse
from tests.warehouse.asking import ask, listed
from tests.warehouse.rows import (
    DAY,
    Row,
    accepted,
    add_videos,
    asset_reply,
    at,
    event,
    feature,
    feature_reply,
    intend,
    land,
    query,
    reading,
    settled,
    table,
    the_task,
    video,
    warehouse_in,
    write,
)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_OBJECTS = st.dictionaries(_TEXT, _JSON, max_size=5)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One warehouse for many examples, each with names of its own."""
    yield warehouse_in(tmp_path_factory.mktemp("shared"))


def few(examples: int) -> settings:
    """Each example is a few transactions on a real file, which take their time."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few(10)
@given(texts=st.lists(_TEXT, min_size=3, max_size=3), metadata=_OBJECTS, payload=_OBJECTS, name=_TEXT)
def test_texts_and_metadata_of_any_kind_come_through_unchanged(
    shared: Warehouse, texts: list[str], metadata: Row, payload: Row, name: str
) -> None:
    feature_id = uuid.uuid4().hex
    asset_id = f"asset {feature_id} {texts[0]}"
    text, transcription, description = texts
    told = {"text": text, "transcription": transcription, "description": description, "metadata": metadata}
    write(
        shared.landing_folder,
        "assets",
        asset_reply(asset_id, feature(feature_id, **told, payload=payload), metadata=metadata, payload=payload),
    )
    loaded = land(shared, "vectors", feature_reply(feature_id, {name: [1.5]}, asset_id=asset_id, payload={}))
    assert loaded.quarantined == ()

    def of(name: str) -> Row:
        statement = f"SELECT * FROM mixpeek.{name} WHERE asset_id = $id"
        with reading(shared) as connection:
            found = connection.execute(statement, {"id": asset_id})
            [row] = found.fetchall()
            return dict(zip([column[0] for column in found.description or []], row, strict=True))

    found, asset, vector = of("features"), of("assets"), of("vectors")
    assert (found["text"], found["transcription"], found["description"]) == (text, transcription, description)
    for stored in (found["metadata"], asset["metadata"]):
        assert orjson.loads(stored) == metadata
    for stored in (found["payload"], asset["payload"]):
        assert orjson.loads(stored) == payload
    assert (vector["feature_id"], vector["vector_name"]) == (feature_id, name)


@few(6)
@given(
    payloads=st.lists(
        st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3) | st.just({"x": None})),
        min_size=1,
        max_size=3,
    )
)
def test_a_payload_keeps_the_last_value_that_each_field_had(shared: Warehouse, payloads: list[Row]) -> None:
    feature_id = uuid.uuid4().hex
    for seconds, payload in enumerate(payloads):
        land(shared, "vectors", feature_reply(feature_id, {"clip": [1]}, payload=payload, seconds=seconds))
    expected = {key: values[-1] for key in "abc" if (values := [p[key] for p in payloads if p.get(key) is not None])}
    [(stored,)] = query(shared, "SELECT payload FROM mixpeek.features WHERE feature_id = $id", {"id": feature_id})
    assert {key: value for key, value in orjson.loads(stored).items() if value is not None} == expected


_POLLS = st.sampled_from(["open", "open", "open", "done", "failed", "skipped", "cancelled", "lost", "trouble"])


def _told(number: int, state: str) -> Row:
    """What the n-th look at a task has told."""
    if state == "trouble":
        return event(seconds=number, polls=1, next_poll_at=at(number + 5))
    if state == "open":
        said: Row = {"status": f"AT {number}", "polled_at": at(number), "next_poll_at": at(number + 5), "polls": 1}
        return event(seconds=number, state="open", **said)
    return settled(state=state, seconds=number, asset_id=f"asset-{number}")


@few(7)
@given(states=st.lists(_POLLS, min_size=1, max_size=6), data=st.data())
def test_events_that_are_loaded_together_do_what_they_do_one_by_one(
    shared: Warehouse, states: list[str], data: st.DataObject
) -> None:
    one_by_one, together = uuid.uuid4().hex, uuid.uuid4().hex
    intend(shared, one_by_one, together)
    events = [accepted(), *(_told(number, state) for number, state in enumerate(states, start=1))]
    for told in events:
        land(shared, "tasks", {**told, "video_id": one_by_one, "task_id": "t"})
    for told in data.draw(st.permutations(events)):
        write(shared.landing_folder, "tasks", {**told, "video_id": together, "task_id": "t"})
    shared.load_pending()
    expected, found = the_task(shared, one_by_one), the_task(shared, together)
    assert {**found, "video_id": ""} == {**expected, "video_id": ""}
    over = [number for number, state in enumerate(states, start=1) if state not in ("open", "trouble")]
    assert found["settled_at"] == (at(over[0]) if over else None)
    assert found["polls"] == (over[0] if over else len(states))


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "poll", "poll", "die", "late"]),
        st.sampled_from(["open", "open", "done", "failed", "cancelled", "lost", "skipped", "none", "withdrawn"]),
    ),
    min_size=3,
    max_size=9,
)


def _check(tasks: list[Row], settled_before: dict[int, tuple[Any, ...]]) -> None:
    alive = [task["attempt"] for task in tasks if task["state"] in ("open", "done", "skipped")]
    assert len(alive) <= 1, "a video has two tasks that are open or done"
    for task in tasks:
        if task["settled_at"] is not None:
            outcome = (task["state"], task["settled_at"], task["asset_id"], task["polls"], task["task_id"])
            assert settled_before.setdefault(task["attempt"], outcome) == outcome, "a settled task has changed"
            assert task["state"] not in ("open", "submitting")
            assert task["next_poll_at"] is None
    assert set(settled_before) <= {task["attempt"] for task in tasks}
    assert [task["attempt"] for task in tasks] == list(range(1, len(tasks) + 1))


@few(7)
@given(steps=_STEPS, together=st.booleans())
def test_a_video_never_has_two_tasks_that_are_open_or_done(
    shared: Warehouse, steps: list[tuple[str, str]], together: bool
) -> None:
    warehouse, video_id = shared, uuid.uuid4().hex
    add_videos(warehouse, video(video_id))

    def of_this_video(rows: list[Row]) -> list[Row]:
        return [row for row in rows if row["video_id"] == video_id]

    settled_before: dict[int, tuple[Any, ...]] = {}
    told: list[Row] = []
    for number, (step, outcome) in enumerate(steps, start=1):
        seconds = 100.0 * number
        if step == "submit":
            # As a run does: what waits is loaded, and what nobody answered is called lost, before it plans.
            warehouse.load_pending()
            warehouse.mark_lost([DAY])
            rules = SubmissionRules(max_attempts=2, resubmit_failed=outcome == "failed")
            planned = listed(warehouse.videos_to_submit(rules, [DAY]))
            for row in (row for row in planned if row.video_id == video_id):
                intend(warehouse, video_id, attempt=row.attempt)
                identity = {"video_id": video_id, "attempt": row.attempt}
                if outcome == "withdrawn":
                    told.append({**event(seconds=seconds, state="withdrawn"), **identity})
                elif outcome in ("failed", "lost"):
                    told.append({**settled(state=outcome, seconds=seconds), **identity})
                elif outcome != "none":
                    task_id = f"task-{row.attempt}"
                    told.append({**accepted(seconds=seconds, task_id=task_id), **identity})
                if outcome != "none":
                    write(warehouse.landing_folder, "tasks", told[-1])
        elif step == "poll":
            warehouse.load_pending()
            due = ask(warehouse, lambda reader: reader.tasks_due(at(10_000), 1000))
            for task in (task for task in due if task.video_id == video_id):
                state = outcome if outcome not in ("none", "withdrawn") else "open"
                told.append({**_told(int(seconds), state), "video_id": video_id, "attempt": task.attempt})
                write(warehouse.landing_folder, "tasks", told[-1])
        elif step == "late" and told:
            # An answer that another poller got earlier, or a file that is read again.
            again = {**told[number % len(told)], "seen_at": at(seconds)}
            if again["state"] != "withdrawn" and "submitted_at" not in again:
                write(warehouse.landing_folder, "tasks", again)
        if not together:
            warehouse.load_pending()
        _check(of_this_video(table(warehouse, "tasks")), settled_before)
    warehouse.load_pending()
    _check(of_this_video(table(warehouse, "tasks")), settled_before)
