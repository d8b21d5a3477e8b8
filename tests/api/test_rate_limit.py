"""429: what the server asks for is obeyed, by every thread, and costs no attempt."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import urllib3

from mixpeek_assets.api.deadline import Reply, read_whole
from mixpeek_assets.api.errors import RateLimitedError
from mixpeek_assets.api.rate_limit import limit_in_folder
from mixpeek_assets.api.replies import retry_after
from mixpeek_assets.api.transport import RetryPolicy
from tests.api.conftest import Connect
from tests.fakes.mixpeek import KEY, Answer, ScriptedMixpeek

LIMITED = {"error": "TooManyRequests", "message": "Rate limit exceeded", "details": {"rate_limit": 10}}
ONE_ATTEMPT = RetryPolicy(connect=2, read=5, attempts=1, rate_limit=20)
# A pause may come out a little short of its name where a clock is coarse.
NEARLY = 0.9


def refusal(header: str | None = None, /, **body: object) -> Answer:
    return Answer({**LIMITED, **body}, 429, {} if header is None else {"Retry-After": header})


def answered(mixpeek: ScriptedMixpeek, answer: Answer) -> Reply:
    mixpeek.script("", answer)
    return read_whole(urllib3.request("GET", mixpeek.url, timeout=10, retries=False, preload_content=False))


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        pytest.param(refusal("7"), 7, 7, id="seconds"),
        pytest.param(refusal(" 1.5 "), 1.5, 1.5, id="a fraction"),
        pytest.param(refusal(retry_after=7), 7, 7, id="in the body"),
        pytest.param(refusal(details={"retry_after": 7.5}), 7.5, 7.5, id="in the details"),
        pytest.param(refusal("7", retry_after=90), 7, 7, id="header before body"),
        pytest.param(refusal("soon", retry_after=7), 7, 7, id="a header of words"),
        pytest.param(refusal("0"), 0.1, 1, id="at once"),
        pytest.param(refusal("-5"), 0.1, 1, id="negative"),
        pytest.param(refusal("Wed, 21 Oct 2015 07:28:00 GMT"), 0.1, 1, id="a date in the past"),
        pytest.param(refusal("Fri, 31 Dec 9999 23:59:59 GMT"), 60, 600, id="a date beyond us"),
        pytest.param(refusal("Fri, 31 Dec 9999 23:59:59"), 60, 600, id="a date without a zone"),
        pytest.param(refusal("1e400"), 60, 600, id="infinity"),
        pytest.param(refusal("999999999999"), 60, 600, id="ages"),
    ],
)
def test_what_a_429_asks_for_is_understood(mixpeek: ScriptedMixpeek, answer: Answer, least: float, most: float) -> None:
    pause = retry_after(answered(mixpeek, answer))
    assert pause is not None
    assert least <= pause <= most


def test_a_date_is_understood_as_the_seconds_to_it(mixpeek: ScriptedMixpeek) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    pause = retry_after(answered(mixpeek, refusal(date)))
    assert pause is not None
    assert 30 < pause <= 60


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(), id="nothing said"),
        pytest.param(refusal("soon"), id="words"),
        pytest.param(refusal("nan"), id="not a number"),
        pytest.param(Answer(b'{"retry_after": NaN}', 429), id="NaN in the body"),
        pytest.param(refusal(details="none", retry_after="soon"), id="words in the body"),
        pytest.param(refusal(details=[]), id="no details"),
        pytest.param(Answer(b"<html>slow down</html>", 429), id="HTML"),
        pytest.param(Answer([429], 429), id="a list"),
        pytest.param(Answer(b'{"retry_after": ' + b"9" * 4000 + b"}", 429), id="a number beyond all"),
    ],
)
def test_a_429_that_asks_for_nothing_leaves_the_pause_to_us(mixpeek: ScriptedMixpeek, answer: Answer) -> None:
    assert retry_after(answered(mixpeek, answer)) is None


@pytest.mark.parametrize(
    ("answer", "least"),
    [
        pytest.param(refusal("1"), 1, id="in a header"),
        pytest.param(refusal("nan"), 2, id="nowhere"),
    ],
)
def test_a_429_is_waited_for_and_costs_no_attempt(
    mixpeek: ScriptedMixpeek, connect: Connect, answer: Answer, least: float
) -> None:
    mixpeek.script("GET", answer, Answer({"status": "DONE"}))
    began = time.monotonic()
    assert connect(policy=ONE_ATTEMPT).get_task("t1").state == "done"
    assert time.monotonic() - began >= least * NEARLY
    assert len(mixpeek.requests) == 2


def test_many_429s_cost_no_attempt(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", *[refusal("0.5")] * 2, Answer({"status": "DONE"}))
    assert connect(policy=ONE_ATTEMPT).get_task("t1").state == "done"
    assert len(mixpeek.requests) == 3


def test_a_submission_that_is_refused_for_now_is_sent_again(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("POST", refusal("0.5"))
    task_id = connect(policy=ONE_ATTEMPT).submit_video("https://example.com/a.mp4", "c")
    assert list(mixpeek.tasks) == [task_id]
    assert len(mixpeek.requests) == 2


@pytest.mark.parametrize("retry_after", ["300", "1e400", "999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_longer_than_our_patience_is_not_begun(
    mixpeek: ScriptedMixpeek, connect: Connect, retry_after: str
) -> None:
    mixpeek.script("", refusal(retry_after), for_ever=True)
    client = connect(policy=RetryPolicy(attempts=3, rate_limit=1))
    for call in (lambda: client.get_task("t1"), lambda: client.submit_video("https://example.com/a.mp4", "c")):
        began = time.monotonic()
        with pytest.raises(RateLimitedError, match="exceeded for longer than 1 s") as caught:
            call()
        assert caught.value.status == 429
        assert time.monotonic() - began < 30
    # Nor is the policy had once more for each attempt, nor is the server asked again before it is free.
    assert len(mixpeek.requests) == 1


def test_patience_with_many_short_pauses_ends_too(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET", refusal("0.5"), for_ever=True)
    with pytest.raises(RateLimitedError):
        connect(policy=RetryPolicy(attempts=3, rate_limit=1.2)).get_task("t1")
    assert 2 <= len(mixpeek.requests) <= 3


def test_a_429_holds_back_every_thread(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("GET /tasks/first", refusal("2"), Answer({"status": "DONE"}))
    mixpeek.script("GET /tasks/other", Answer({"status": "DONE"}), for_ever=True)
    client = connect(policy=ONE_ATTEMPT)
    arrived: list[float] = []
    mixpeek.on_request = lambda _: arrived.append(time.monotonic())
    first = threading.Thread(target=lambda: client.get_task("first"))
    first.start()
    wait_for_request(mixpeek, "GET /tasks/first")
    time.sleep(0.5)  # it reads its reply
    others = [threading.Thread(target=client.get_task, args=(f"other-{number}",)) for number in range(3)]
    for thread in others:
        thread.start()
    for thread in [first, *others]:
        thread.join(timeout=60)
    assert len(mixpeek.requests) == 5
    refused, *later = arrived
    assert min(later) - refused >= 2 * NEARLY


def test_a_thread_whose_patience_is_shorter_than_anothers_pause_does_not_wait(
    mixpeek: ScriptedMixpeek, connect: Connect
) -> None:
    mixpeek.script("GET", refusal("1.5"), Answer({"status": "DONE"}), for_ever=True)
    client = connect(policy=RetryPolicy(attempts=1, rate_limit=2))
    first = threading.Thread(target=lambda: client.get_task("first"))
    first.start()
    wait_for_request(mixpeek, "GET /tasks/first")
    first.join(timeout=30)
    assert len(mixpeek.requests) == 2


class Places:
    """A budget that gives a place at once, for so long as there are some."""

    def __init__(self, *whether: bool) -> None:
        self.left = list(whether)
        self.timeouts: list[float] = []

    def wait(self, timeout: float) -> bool:
        self.timeouts.append(timeout)
        return self.left.pop(0)

    def close(self) -> None:
        pass


def test_a_call_waits_for_its_place_until_the_moment_that_its_policy_names(
    mixpeek: ScriptedMixpeek, connect: Connect
) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}), for_ever=True)
    until = time.monotonic() + 40
    for policy in (RetryPolicy(until=until), RetryPolicy(until=until, rate_limit=10), RetryPolicy(until=until - 80)):
        client = connect(limit=(budget := Places(True, False)), policy=policy)
        client.get_task("t1")
        with pytest.raises(RateLimitedError, match="our own rate limit"):
            client.get_task("t2")
        if policy.rate_limit == 10:
            assert all(9 < timeout <= 10 for timeout in budget.timeouts)
        elif policy.until == until:
            assert all(20 < timeout <= 40 for timeout in budget.timeouts)
        else:
            assert budget.timeouts == [0, 0]
    assert len(mixpeek.requests) == 3


def test_a_pause_that_ends_after_the_moment_that_the_policy_names_is_not_begun(
    mixpeek: ScriptedMixpeek, connect: Connect
) -> None:
    mixpeek.script("GET", refusal("100"), for_ever=True)
    client = connect(policy=RetryPolicy(attempts=1, until=time.monotonic() + 20))
    with pytest.raises(RateLimitedError, match=r"exceeded for longer than (20|19|1[0-8]) s"):
        client.get_task("t1")
    assert len(mixpeek.requests) == 1


def test_a_429_holds_back_those_too_that_got_their_place_meanwhile(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    waiting, refused = threading.Event(), threading.Event()

    class SlowForTheFirst(Places):
        def wait(self, timeout: float) -> bool:
            place = super().wait(timeout)
            if not waiting.is_set():
                waiting.set()
                refused.wait(30)
            return place

    mixpeek.script("GET", refusal("300"), for_ever=True)
    client = connect(limit=SlowForTheFirst(True, True), policy=ONE_ATTEMPT)
    with ThreadPoolExecutor() as pool:
        early = pool.submit(client.get_task, "early")
        waiting.wait(30)
        with pytest.raises(RateLimitedError):
            client.get_task("late")
        refused.set()
        assert isinstance(early.exception(30), RateLimitedError)
    assert [request.path for request in mixpeek.requests] == ["/tasks/late"]


def test_a_client_asks_for_its_place_in_the_budget_before_each_request(
    mixpeek: ScriptedMixpeek, connect: Connect
) -> None:
    class Budget:
        left = 3
        closed = False

        def wait(self, timeout: float) -> bool:
            assert 0 <= timeout <= 1
            self.left -= 1
            return self.left >= 0

        def close(self) -> None:
            self.closed = True

    mixpeek.script("GET", Answer(b"", 500), Answer({"status": "DONE"}), for_ever=True)
    client = connect(limit=(budget := Budget()), policy=RetryPolicy(attempts=2, rate_limit=1))
    client.get_task("t1")
    client.get_task("t2")
    with pytest.raises(RateLimitedError, match="our own rate limit"):
        client.get_task("t3")
    assert len(mixpeek.requests) == 3
    client.close()
    assert budget.closed


def test_a_budget_in_a_file_holds_two_clients_back(mixpeek: ScriptedMixpeek, connect: Connect, tmp_path: Path) -> None:
    mixpeek.script("GET", Answer({"status": "DONE"}), for_ever=True)
    account = f"{mixpeek.url} {KEY}"
    policy = RetryPolicy(attempts=1, rate_limit=0.3)
    folder = tmp_path / "rate_limit"
    one = connect(limit=limit_in_folder(folder, 24, account), policy=policy)
    two = connect(limit=limit_in_folder(folder, 24, account), policy=policy)
    for client in (one, two, one, two):  # of 24 a minute, four may leave at once
        client.get_task("t1")
    for client in (one, two):
        with pytest.raises(RateLimitedError) as caught:
            client.get_task("t1")
        assert caught.value.status is None
    assert len(mixpeek.requests) == 4


def wait_for_request(mixpeek: ScriptedMixpeek, pattern: str) -> None:
    deadline = time.monotonic() + 60
    while not mixpeek.asked(pattern) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert mixpeek.asked(pattern)
