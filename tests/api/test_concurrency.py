"""Many calls at once: bounded, lazy, one error each, and an end to all when all would fail."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from mixpeek_assets.api.concurrency import AHEAD, map_concurrently
from mixpeek_assets.api.errors import (
    AuthenticationError,
    InsufficientCreditsError,
    MixpeekError,
    NotFoundError,
    RateLimitedError,
    ServerUnreachableError,
    TransientError,
)


class Counted:
    """Calls that know how many of them run."""

    def __init__(self, call: Callable[[int], int] = lambda item: item * 10, seconds: float = 0.005) -> None:
        self.call, self.seconds = call, seconds
        self.running = self.most = self.begun = self.ended = 0
        self._lock = threading.Lock()

    def __call__(self, item: int) -> int:
        with self._lock:
            self.begun += 1
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            time.sleep(self.seconds)
            return self.call(item)
        finally:
            with self._lock:
                self.running -= 1
                self.ended += 1


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_every_item_comes_back_with_its_reply(concurrency: int) -> None:
    calls = Counted()
    answers = list(map_concurrently(calls, range(40), concurrency))
    assert sorted(answers) == [(item, item * 10) for item in range(40)]
    assert calls.most <= concurrency


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_as_many_calls_run_at_once_as_may(concurrency: int) -> None:
    together = threading.Barrier(concurrency)

    def call(item: int) -> int:
        return together.wait(60)

    answers = list(map_concurrently(call, range(concurrency * 3), concurrency))
    assert len(answers) == concurrency * 3


def test_no_items_are_no_answers() -> None:
    assert list(map_concurrently(Counted(), [], 4)) == []


def test_equal_items_are_each_answered() -> None:
    assert list(map_concurrently(Counted(), [7, 7, 7], 2)) == [(7, 70)] * 3


def test_an_item_may_be_none_or_false() -> None:
    assert sorted(map_concurrently(lambda item: str(item), [None, 0, False, ""], 2), key=repr) == sorted(
        [(None, "None"), (0, "0"), (False, "False"), ("", "")], key=repr
    )


def test_items_are_read_only_as_fast_as_calls_end() -> None:
    drawn: list[int] = []

    def endless() -> Iterator[int]:
        number = 0
        while True:
            drawn.append(number)
            yield number
            number += 1

    calls = Counted()
    with closing(map_concurrently(calls, endless(), 4)) as answers:
        assert drawn == []
        for received in range(1, 300):
            next(answers)
            assert len(drawn) <= received + 4 + AHEAD
    assert calls.most <= 4
    assert calls.running == 0


def test_an_error_is_its_items_own() -> None:
    def call(item: int) -> int:
        if item % 3 == 0:
            raise NotFoundError("GET /x/{id}", "no such thing", str(item), 404)
        if item % 3 == 1:
            raise TransientError("GET /x/{id}", "hiccup", str(item), 500)
        return item

    answers = dict(map_concurrently(Counted(call), range(30), 4))
    assert len(answers) == 30
    for item, answer in answers.items():
        if item % 3 == 2:
            assert answer == item
        else:
            assert isinstance(answer, (NotFoundError, TransientError)[item % 3])
            assert answer.object_id == str(item)


@pytest.mark.parametrize(
    "fatal",
    [
        AuthenticationError("GET /x", "no", None, 401),
        InsufficientCreditsError("GET /x", "no credits", None, 401),
        ServerUnreachableError("GET /x", "nobody there"),
        RateLimitedError("GET /x", "slow down", None, 429),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_no_call_escapes_stops_new_calls_and_lets_those_in_flight_finish(fatal: MixpeekError) -> None:
    failed = threading.Event()

    def call(item: int) -> int:
        if item == 3:
            failed.set()
            raise fatal
        # The others of the first four are in flight until after the failure.
        assert failed.wait(60)
        return item * 10

    calls = Counted(call, seconds=0)
    answers = []
    with pytest.raises(type(fatal)) as caught:
        answers.extend(map_concurrently(calls, range(100), 4))
    assert caught.value is fatal
    assert calls.begun == calls.ended
    assert calls.begun < 100


def test_the_answers_of_calls_in_flight_are_not_lost_when_all_stops() -> None:
    failed = threading.Event()

    def call(item: int) -> int:
        if item == 3:
            failed.set()
            raise AuthenticationError("GET /x", "no", None, 401)
        assert failed.wait(60)
        time.sleep(0.2)
        return item * 10

    answers: list[tuple[int, int | MixpeekError]] = []
    drawn = iter(range(100))
    with pytest.raises(AuthenticationError):
        for answer in map_concurrently(call, drawn, 4):
            answers.append(answer)  # noqa: PERF402 - what came before the error counts
    assert sorted(item for item, _ in answers) == [0, 1, 2]
    assert next(drawn) == 4


def test_of_several_reasons_to_stop_the_first_is_raised() -> None:
    raised = threading.Event()

    def call(item: int) -> int:
        if item:
            assert raised.wait(60)
            time.sleep(0.3)  # the first one's error is on its way
        raised.set()
        raise AuthenticationError("GET /x", "no", str(item), 401)

    with pytest.raises(AuthenticationError) as caught:
        list(map_concurrently(call, range(10), 3))
    assert caught.value.object_id == "0"


def test_closing_early_waits_for_the_calls_that_run() -> None:
    calls = Counted(seconds=0.2)
    answers = map_concurrently(calls, range(1000), 4)
    next(answers)
    answers.close()
    assert calls.running == 0
    assert calls.begun == calls.ended <= 8


def test_a_consumer_that_fails_waits_for_the_calls_that_run() -> None:
    calls = Counted(seconds=0.1)
    with pytest.raises(ZeroDivisionError), closing(map_concurrently(calls, range(1000), 4)) as answers:
        for _ in answers:
            raise ZeroDivisionError
    assert calls.running == 0
    assert calls.begun <= 8


def test_a_bug_in_a_call_is_raised_as_it_is() -> None:
    def call(item: int) -> int:
        return 1 // (item - 5)

    with pytest.raises(ZeroDivisionError):
        list(map_concurrently(call, range(100), 4))


def test_a_bug_in_the_items_is_raised_once_the_calls_have_ended() -> None:
    def broken() -> Iterator[int]:
        yield from range(3)
        raise KeyError("broken")

    calls = Counted(seconds=0.1)
    with pytest.raises(KeyError):
        list(map_concurrently(calls, broken(), 8))
    assert calls.running == 0


def test_a_slow_call_holds_nobody_up() -> None:
    slow = threading.Event()

    def call(item: int) -> int:
        if item == 0:
            assert slow.wait(60)
        return item

    came = []
    for item, _ in map_concurrently(call, range(50), 2):
        came.append(item)
        if len(came) == 49:
            slow.set()
    assert came[-1] == 0
    assert len(came) == 50


def test_an_answer_is_there_at_once_though_the_next_takes_long() -> None:
    release = threading.Event()

    def call(item: int) -> int:
        assert item == 0 or release.wait(60)
        return item

    answers = map_concurrently(call, range(2), 1)
    assert next(answers) == (0, 0)
    release.set()
    assert list(answers) == [(1, 1)]


def test_calls_that_only_compute_are_all_made_by_however_many_threads() -> None:
    def call(item: int) -> int:
        return sum(range(20_000)) * 0 + item

    assert sorted(item for item, _ in map_concurrently(call, range(2_000), 16)) == list(range(2_000))
