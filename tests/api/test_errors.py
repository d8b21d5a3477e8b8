"""What each error body of the contract (b7) becomes, and that no error tells the key."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.errors import (
    ABORTS_RUN,
    AccessDeniedError,
    AuthenticationError,
    InsufficientCreditsError,
    MixpeekError,
    NotFoundError,
    PermanentError,
    RateLimitedError,
    ServerUnreachableError,
    SubmissionOutcomeUnknownError,
    TransientError,
    UnreadableReplyError,
    WrongEndpointError,
)
from mixpeek_assets.api.transport import RetryPolicy
from tests.api.conftest import Connect
from tests.fakes.mixpeek import KEY, Answer, ScriptedMixpeek, scripted_mixpeek

IMPATIENT = RetryPolicy(connect=2, read=5, attempts=1, rate_limit=0.2)


def envelope(status: int, message: str, type_: str, **details: Any) -> Answer:
    error = {"message": message, "type": type_, **({"details": details} if details else {})}
    return Answer({"success": False, "status": status, "error": error}, status)


def flat(status: int, error: str, message: str, **details: Any) -> Answer:
    return Answer({"error": error, "message": message, "details": details}, status)


HTML = Answer(b"<html><h1>502 Bad Gateway</h1></html>", 502, {"Content-Type": "text/html"})
FASTAPI = {"detail": [{"loc": ["body", "url"], "msg": "invalid or missing URL scheme", "type": "value_error.url"}]}
DETAILS = {"type": "missing", "location": ["body", "collection"], "message": "Field required"}

REPLIES = [
    pytest.param(envelope(400, "Bad collection", "BadRequest"), PermanentError, ["Bad collection"], id="400"),
    pytest.param(envelope(401, "Invalid API key", "AuthError"), AuthenticationError, ["Invalid API key"], id="401"),
    pytest.param(envelope(403, "Needs write", "PermissionError"), AuthenticationError, ["Needs write"], id="403"),
    pytest.param(envelope(404, "Task not found", "NotFound"), NotFoundError, ["Task not found"], id="404"),
    pytest.param(envelope(500, "It broke", "InternalError"), TransientError, ["It broke"], id="500"),
    pytest.param(envelope(501, "Not yet", "Error"), TransientError, ["Not yet"], id="501"),
    pytest.param(Answer({"detail": "Method Not Allowed"}, 405), WrongEndpointError, ["Method Not Allowed"], id="405"),
    pytest.param(Answer({"error": "gone for good"}, 410), PermanentError, ["gone for good"], id="a string"),
    pytest.param(
        flat(429, "TooManyRequests", "Rate limit exceeded", rate_limit=10, api_name="tasks"),
        RateLimitedError,
        ["ate limit exceeded"],
        id="429",
    ),
    pytest.param(
        flat(401, "Unauthorized", "Insufficient credits: top up", required_credits=5, current_credits=0),
        InsufficientCreditsError,
        ["Insufficient credits: top up"],
        id="no credits",
    ),
    pytest.param(
        envelope(403, "Monthly quota reached", "QuotaExceededError"),
        InsufficientCreditsError,
        ["Monthly quota"],
        id="quota",
    ),
    pytest.param(flat(400, "BadRequest", "File over 1 GB"), PermanentError, ["File over 1 GB"], id="too large"),
    pytest.param(
        Answer(FASTAPI, 422), PermanentError, ["body.url", "invalid or missing URL scheme"], id="422 of FastAPI"
    ),
    pytest.param(
        envelope(422, "Validation failed", "ValidationError", validation_errors=[DETAILS]),
        PermanentError,
        ["Validation failed", "body.collection", "Field required"],
        id="422 in the envelope",
    ),
    pytest.param(Answer({"detail": ["odd", {"loc": "body"}]}, 422), PermanentError, ["odd", "body"], id="422, odd"),
    pytest.param(HTML, TransientError, ["text/html", "502 Bad Gateway"], id="HTML"),
    pytest.param(Answer(b"", 503), TransientError, ["empty"], id="empty"),
    pytest.param(Answer(b"upstream down", 504, {"Content-Type": "text/plain"}), TransientError, ["upstream down"]),
    pytest.param(Answer(b"no", 408), TransientError, ["no"], id="408"),
    pytest.param(Answer([1, 2], 400), PermanentError, ["[1, 2]"], id="a list"),
    pytest.param(Answer({"error": {}}, 400), PermanentError, ['{"error": {}}'], id="an envelope of nothing"),
    pytest.param(Answer(b"\xff\xfe\x00", 400), PermanentError, [], id="bytes"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), REPLIES)
def test_an_error_is_of_its_class_and_in_the_servers_words(
    mixpeek: ScriptedMixpeek, connect: Connect, answer: Answer, kind: type[MixpeekError], words: list[str]
) -> None:
    mixpeek.script("GET /tasks/t1", answer, for_ever=True)
    with pytest.raises(MixpeekError) as caught:
        connect(policy=IMPATIENT).get_task("t1")
    error = caught.value
    assert type(error) is kind
    assert (error.endpoint, error.object_id, error.status) == ("GET /tasks/{id}", "t1", answer.status)
    for part in [*words, "GET /tasks/{id}", "t1", str(answer.status)]:
        assert part in str(error)
    assert len(mixpeek.requests) == 1


@pytest.mark.parametrize(("answer", "kind", "words"), REPLIES)
def test_a_refused_submission_names_its_video(
    mixpeek: ScriptedMixpeek, connect: Connect, answer: Answer, kind: type[MixpeekError], words: list[str]
) -> None:
    mixpeek.script("POST", answer, for_ever=True)
    with pytest.raises(MixpeekError) as caught:
        connect(policy=IMPATIENT).submit_video("https://example.com/a.mp4", "c")
    if answer.status in {404, 405}:  # there is no id that could be unknown: this is not the API
        kind = WrongEndpointError
    # What may have been accepted is not what will do no harm to send again.
    assert type(caught.value) is (SubmissionOutcomeUnknownError if kind is TransientError else kind)
    for part in [*words, "POST /ingest/videos/url", "https://example.com/a.mp4", str(answer.status)]:
        assert part in str(caught.value)


def test_a_message_is_cut_to_what_people_read(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("GET", envelope(400, "x" * 100_000, "Error"))
    with pytest.raises(PermanentError) as caught:
        client.get_task("t1")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("call", [0, 1], ids=["GET", "POST"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(b"<html>\n\n  <h1>Bad\tGateway</h1>\r\n</html>\n", 502), id="a page"),
        pytest.param(envelope(500, "Bad\nGateway", "Error\x1b[2J\x07"), id="an envelope"),
        pytest.param(Answer({"detail": "Bad\u2028Gateway\x9b31m"}, 400), id="a detail"),
        pytest.param(Answer(["Bad\n", "\x1b]0;Gateway\x07"]), id="a list"),
    ],
)
def test_a_message_is_one_line_that_does_nothing_to_a_terminal(
    mixpeek: ScriptedMixpeek, connect: Connect, answer: Answer, call: int
) -> None:
    mixpeek.script("", answer, for_ever=True)
    with pytest.raises(MixpeekError, match=r"Bad.*Gateway") as caught:
        CALLS[call](connect(policy=IMPATIENT))
    assert str(caught.value).isprintable()


def test_an_error_says_whether_waiting_helps_and_whether_all_calls_meet_it() -> None:
    transient = (TransientError, ServerUnreachableError, RateLimitedError, SubmissionOutcomeUnknownError)
    of_one_call = (PermanentError, NotFoundError, UnreadableReplyError)
    of_all_calls = (AccessDeniedError, AuthenticationError, InsufficientCreditsError, WrongEndpointError)
    assert all(kind.retryable for kind in transient)
    assert not any(kind.retryable for kind in of_one_call + of_all_calls)
    stops = {kind for kind in transient + of_one_call + of_all_calls if issubclass(kind, ABORTS_RUN)}
    assert stops == {ServerUnreachableError, RateLimitedError, *of_all_calls}


READS: list[Callable[[AssetsClient], object]] = [
    lambda client: client.get_task("t1"),
    lambda client: client.get_asset("a1"),
    lambda client: client.get_feature("f1"),
]
HTML_404 = Answer(b"<html><h1>404 Not Found</h1></html>", 404, {"Content-Type": "text/html"})
OF_NO_SUCH_ROUTE = [
    pytest.param(Answer({"detail": "Not Found"}, 404), id="FastAPI"),
    pytest.param(HTML_404, id="HTML"),
    pytest.param(Answer(b"404 page not found", 404, {"Content-Type": "text/plain"}), id="text"),
    pytest.param(Answer(b"", 404), id="empty"),
    pytest.param(Answer(["Not Found"], 404), id="a list"),
    pytest.param(Answer({"detail": "Method Not Allowed"}, 405), id="405"),
    pytest.param(envelope(405, "Method not allowed", "MethodNotAllowed"), id="405 in the envelope"),
]


@pytest.mark.parametrize("read", READS, ids=["task", "asset", "feature"])
@pytest.mark.parametrize("answer", OF_NO_SUCH_ROUTE)
def test_a_404_that_is_not_the_apis_own_tells_of_a_wrong_address(
    mixpeek: ScriptedMixpeek, client: AssetsClient, answer: Answer, read: Callable[[AssetsClient], object]
) -> None:
    mixpeek.script("GET", answer, for_ever=True)
    with pytest.raises(WrongEndpointError, match="Check MIXPEEK_API_URL, MIXPEEK_API_PREFIX and"):
        read(client)
    assert len(mixpeek.requests) == 1


@pytest.mark.parametrize("read", READS, ids=["task", "asset", "feature"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(envelope(404, "Task not found", "NotFound"), id="envelope"),
        pytest.param(envelope(404, "Not Found", "NotFound"), id="envelope of few words"),
        pytest.param(Answer({"detail": "Task not found"}, 404), id="FastAPI, about the id"),
        pytest.param(Answer({"detail": "Not Found", "id": "t1"}, 404), id="more than FastAPI says"),
        pytest.param(flat(404, "NotFound", "Task t1 not found"), id="flat"),
        pytest.param(Answer({}, 404), id="an object of nothing"),
    ],
)
def test_a_404_of_the_apis_own_tells_of_an_unknown_id(
    mixpeek: ScriptedMixpeek, client: AssetsClient, answer: Answer, read: Callable[[AssetsClient], object]
) -> None:
    mixpeek.script("GET", answer, for_ever=True)
    with pytest.raises(NotFoundError):
        read(client)
    client.probe()


@pytest.mark.parametrize("answer", OF_NO_SUCH_ROUTE)
def test_a_probe_of_a_wrong_address_says_so(mixpeek: ScriptedMixpeek, client: AssetsClient, answer: Answer) -> None:
    mixpeek.script("GET", answer, for_ever=True)
    with pytest.raises(WrongEndpointError, match="MIXPEEK_API_PREFIX"):
        client.probe()


def test_a_route_that_a_server_need_not_have_says_nothing_of_the_address(
    mixpeek: ScriptedMixpeek, client: AssetsClient
) -> None:
    mixpeek.script("POST /assets", Answer({"detail": "Not Found"}, 404))
    with pytest.raises(NotFoundError):
        client.find_asset("t1", "c")


def test_a_list_where_an_object_belongs_is_unreadable_for_good(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("GET", Answer([{"task_id": "t1"}]), for_ever=True)
    with pytest.raises(UnreadableReplyError, match='"task_id": "t1"'):
        client.get_task("t1")
    assert len(mixpeek.requests) == 1


def test_a_redirect_is_not_followed_and_the_key_not_sent_on(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    with scripted_mixpeek() as elsewhere:
        for status in (301, 302, 303, 307, 308):
            mixpeek.script("", Answer(b"", status, {"Location": f"{elsewhere.url}/tasks/t1"}))
            with pytest.raises(WrongEndpointError, match="redirects to") as caught:
                client.submit_video("https://example.com/a.mp4", "c") if status == 303 else client.get_task("t1")
            assert elsewhere.url in str(caught.value)
            assert "MIXPEEK_API_URL" in str(caught.value)
        assert elsewhere.requests == []
    assert len(mixpeek.requests) == 5


CALLS: list[Callable[[AssetsClient], object]] = [
    lambda client: client.get_task("t1"),
    lambda client: client.submit_video("https://example.com/a.mp4", "c"),
]
ECHOES = [
    pytest.param(envelope(401, f"No such key: {KEY}", "AuthError"), id="envelope"),
    pytest.param(flat(403, "Forbidden", f"Bearer {KEY} may not"), id="flat"),
    pytest.param(Answer({"detail": [{"loc": ["header", KEY], "msg": KEY}]}, 422), id="422"),
    pytest.param(Answer({"detail": {"key": KEY}}, 400), id="an object"),
    pytest.param(Answer(f"<p>{KEY}".encode(), 500), id="HTML"),
    pytest.param(Answer({"key": KEY}, 500), id="no words"),
    pytest.param(Answer(b"", 302, {"Location": f"https://example.com/?key={KEY}"}), id="redirect"),
    pytest.param(Answer([KEY]), id="a list"),
    pytest.param(Answer(["x" * 100 + KEY + "y" * 100]), id="a long text in a list"),
    pytest.param(flat(429, "TooManyRequests", KEY), id="429"),
    # A message that is cut short must not end in half a key.
    *[
        pytest.param(envelope(400, "x" * length + KEY, "Error"), id=f"at the end, {length}")
        for length in range(275, 305, 5)
    ],
]


@pytest.mark.parametrize("call", CALLS, ids=["GET", "POST"])
@pytest.mark.parametrize("answer", ECHOES)
def test_a_key_that_the_server_echoes_is_in_no_error(
    mixpeek: ScriptedMixpeek, connect: Connect, answer: Answer, call: Callable[[AssetsClient], object]
) -> None:
    mixpeek.script("", answer, for_ever=True)
    with pytest.raises(MixpeekError) as caught:
        call(connect(policy=IMPATIENT))
    assert_tells_no_key(caught.value)


@pytest.mark.parametrize(
    "body", [{"message": KEY}, {"message": "x" * 285 + KEY}, {"queue": ["x" * 57 + KEY + "y" * 90]}]
)
def test_a_submission_that_is_answered_with_the_key_tells_it_in_no_error(
    mixpeek: ScriptedMixpeek, client: AssetsClient, body: dict[str, Any]
) -> None:
    mixpeek.script("POST", Answer(body))
    with pytest.raises(SubmissionOutcomeUnknownError, match="without a task_id") as caught:
        client.submit_video("https://example.com/a.mp4", "c")
    assert_tells_no_key(caught.value)


@pytest.mark.parametrize("call", CALLS, ids=["GET", "POST"])
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "http://[bad", "http://", "http://nowhere.invalid", "http://a b"]
)
def test_an_unusable_address_is_an_error_of_ours_without_the_key(
    connect: Connect, call: Callable[[AssetsClient], object], url: str
) -> None:
    with pytest.raises(MixpeekError) as caught:
        call(connect(url, policy=IMPATIENT))
    assert isinstance(caught.value, ServerUnreachableError | PermanentError)
    assert_tells_no_key(caught.value)


def test_a_lost_answer_tells_no_key(mixpeek: ScriptedMixpeek, connect: Connect) -> None:
    mixpeek.script("", Answer(cut=True), for_ever=True)
    for call in CALLS:
        with pytest.raises(TransientError) as caught:
            call(connect(policy=IMPATIENT))
        assert_tells_no_key(caught.value)


def test_a_client_shows_no_key(client: AssetsClient) -> None:
    assert KEY not in repr(client)
    assert KEY not in repr(vars(client))


def assert_tells_no_key(error: MixpeekError) -> None:
    texts = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    for text in texts:
        assert KEY not in text
        assert KEY[:10] not in text
        assert KEY[-10:] not in text
