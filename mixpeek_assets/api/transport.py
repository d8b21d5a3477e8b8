"""From a call to its reply: one session, the retries, the rate limit, and no key in any message."""

import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import quote

import requests
from pydantic import SecretStr
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)
from urllib3.exceptions import HTTPError, LocationValueError

from mixpeek_assets import clock
from mixpeek_assets.api.deadline import Reply, ReplyTooLargeError
from mixpeek_assets.api.errors import (
    MixpeekError,
    RateLimitedError,
    ServerUnreachableError,
    SubmissionOutcomeUnknownError,
    TransientError,
    UnaddressableError,
    UnreadableReplyError,
    UnsendableError,
    WrongEndpointError,
)
from mixpeek_assets.api.figures import Figures, Meter
from mixpeek_assets.api.number_lists import read_apart
from mixpeek_assets.api.rate_limit import NoLimit, RateLimit
from mixpeek_assets.api.redact import KeyMask
from mixpeek_assets.api.replies import asks_to_wait, clock_skew, failures_in, message_of, read_object, retry_after
from mixpeek_assets.api.session import Session, never_connected
from mixpeek_assets.api.values import excerpt
from mixpeek_assets.strict_json import JsonObject
from mixpeek_assets.terminal_safe import terminal_safe

_LONGEST_PATH = 8_000
"""In characters. RFC 9112 asks servers to accept request lines of 8,000; some close the connection over longer ones."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long a call may take before the client gives up.

    Attributes:
        connect: Seconds to connect.
        read: Seconds between two bytes of a reply.
        whole: Seconds from sending a request to the last byte of its reply.
        attempts: How often a call is sent while its failures are retryable.
        pause: Longest pause between two attempts, in seconds, where the server names none.
        rate_limit: Seconds to wait for the rate limit, ours or the server's (429), which costs no attempt.
        until: The `time.monotonic()` after which no call waits for the rate limit.
    """

    connect: float = 5
    read: float = 60
    whole: float = 300
    attempts: int = 5
    pause: float = 60
    rate_limit: float = 600
    until: float | None = None

    @property
    def for_the_rate_limit(self) -> float:
        """Seconds that a call sent now waits for the rate limit."""
        left = math.inf if self.until is None else self.until - time.monotonic()
        return max(min(self.rate_limit, left), 0.0)


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        method: GET, POST or DELETE.
        template: The path, with the names of ids in braces.
        object_id: What it is about, as errors name it; the id `{id}`, if the path has one.
        ids: The other ids of the path.
        query: Beside the path.
        body: JSON.
        submits: Whether it may start work that is paid for: it is sent again only if it certainly never arrived.
        by_id: Whether a 404 may be about an id, and not about the address.
        reads_failures: Whether a 422 that lists what failed is a reply, and no error.
        has_reply: Whether a success has a body that is read.
        headers: Of this call alone.
        category: Which rate limit it counts for.
    """

    method: str
    template: str
    object_id: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    query: str = ""
    body: JsonObject | None = None
    submits: bool = False
    by_id: bool = False
    reads_failures: bool = False
    has_reply: bool = True
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    category: str = ""

    @property
    def endpoint(self) -> str:
        """The method and the path, without ids."""
        return f"{self.method} {self.template}"

    @property
    def path(self) -> str:
        """The path with its query."""
        quoted = {name: quote(value, safe="") for name, value in self._ids.items()}
        path = self.template.format(**quoted)
        return f"{path}?{self.query}" if self.query else path

    @property
    def is_addressable(self) -> bool:
        """Whether its ids can be part of a URL: dots lead to another resource, even when escaped."""
        return not any(value in (".", "..") for value in self._ids.values()) and len(self.path) <= _LONGEST_PATH

    @property
    def _ids(self) -> Mapping[str, str]:
        # A call without `{id}` may be about something long, e.g. the URL of a video.
        own = {"id": self.object_id or ""} if "{id}" in self.template else {}
        return {**own, **self.ids}


def _encoded(call: Call) -> bytes | None:
    try:
        return None if call.body is None else json.dumps(call.body, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise UnsendableError(call.endpoint, f"cannot be sent as JSON: {error}", call.object_id) from None


def _retrying(retryable: type[TransientError], policy: RetryPolicy, pause: Callable[[float], None]) -> Retrying:
    """Return the retry loop for one kind of error; threads may share it."""
    return Retrying(
        # The rate-limit wait is already spent; do not multiply it by the attempts.
        retry=retry_if_exception_type(retryable) & retry_if_not_exception_type(RateLimitedError),
        stop=stop_after_attempt(policy.attempts),
        wait=wait_random_exponential(multiplier=0.5, max=policy.pause),
        sleep=pause,
        reraise=True,
    )


class Transport:
    """Sends calls to one server.

    Thread-safe: threads share one session with `concurrency` connections. A call that fails in a retryable way is sent
    again after growing, random pauses; a submission only if it certainly never arrived.

    Args:
        api_url: Where the API is, with its prefix, without a trailing slash.
        api_key: Sent as the bearer token, and nowhere else.
        namespace: Sent as X-Namespace.
        concurrency: How many requests are in flight at most.
        limits: The rate limits that all processes share, by category; closed with the client. A category without one
            has that of "".
        policy: Timeouts and attempts.

    Attributes:
        concurrency: How many requests are in flight at most.
        threads: How many threads keep that many in flight, since each also parses and stores its reply.
        skew: How far the API's clock was ahead of ours at its last reply.
    """

    def __init__(
        self,
        api_url: str,
        api_key: SecretStr,
        *,
        namespace: str | None = None,
        concurrency: int = 16,
        limits: Mapping[str, RateLimit] | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self.concurrency = concurrency
        self.threads = concurrency + concurrency // 8
        self._base = api_url
        self._mask = KeyMask(api_key)
        self._limits = {"": NoLimit(), **(limits or {})}
        self._policy = policy or RetryPolicy()
        self._meter = Meter()
        self._reading = _retrying(TransientError, self._policy, self._meter.pause)
        self._submitting = _retrying(ServerUnreachableError, self._policy, self._meter.pause)
        self._resume_at = defaultdict[str, float](float)
        self._held_by: dict[str, tuple[int, str]] = {}
        self.skew = timedelta(0)
        self._session = Session(
            self._base,
            api_key,
            headers={"X-Namespace": namespace} if namespace else {},
            connections=concurrency,
            timeout=(self._policy.connect, self._policy.read),
            whole=self._policy.whole,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @property
    def figures(self) -> Figures:
        """What the client did so far."""
        return self._meter.figures

    @property
    def per_minute(self) -> int:
        """How many requests our own rate limit allows in a minute; 0 is no limit."""
        return min((limit.per_minute for limit in self._limits.values() if limit.per_minute), default=0)

    def close(self) -> None:
        """Close the connections and the rate limit."""
        self._session.close()
        for limit in self._limits.values():
            limit.close()

    def time(self) -> datetime:
        """Return the time by the API's clock, from its last reply; before the first reply, by ours."""
        return clock.now() + self.skew

    def send(self, call: Call) -> JsonObject:
        """Send a call, and return its reply.

        Raises:
            SubmissionOutcomeUnknownError: a submission may have arrived.
            MixpeekError: the class says what went wrong.
        """
        # A submission whose outcome is unknown is not repeated here: its next attempt must be recorded first.
        return (self._submitting if call.submits else self._reading)(self._exchange, call)

    def _exchange(self, call: Call) -> JsonObject:
        """Send a call, again after each 429, and return its reply."""
        if not call.is_addressable:
            raise UnaddressableError(call.endpoint, "such an id cannot be part of a URL", call.object_id)
        content = _encoded(call)
        longest_wait = self._policy.for_the_rate_limit
        deadline = time.monotonic() + longest_wait
        refused = 0
        while True:
            with self._meter.limit:
                self._wait_for_turn(call, longest_wait, deadline)
            reply = self._request(call, content)
            self.skew = clock_skew(reply) or self.skew
            if not asks_to_wait(reply):
                break
            refused += 1
            resume_at = time.monotonic() + (retry_after(reply) or min(2.0**refused, self._policy.pause))
            is_limit = reply.status_code == 429
            reason = "rate limit exceeded" if is_limit else self.masked(message_of(reply))
            self._held_by[call.category] = reply.status_code, reason
            self._resume_at[call.category] = max(self._resume_at[call.category], resume_at)
        try:
            return self._read(call, reply)
        except MixpeekError as error:
            failure = replace(error, message=self.masked(error.message))
        except ValueError as error:
            kind = SubmissionOutcomeUnknownError if call.submits else UnreadableReplyError
            failure = kind(call.endpoint, f"a reply that cannot be kept: {error}", call.object_id, reply.status_code)
        raise failure

    def _read(self, call: Call, reply: Reply) -> JsonObject:
        """Read a reply, without the key wherever it holds it."""
        if reply.ok and not call.has_reply:
            return {}
        if reply.ok and (body := read_apart(reply.content, self._mask.reply)) is not None:
            return body
        by_id = call.by_id or call.method == "GET"
        body = failures_in(reply) if call.reads_failures else None
        if body is None:
            body = read_object(reply, call.endpoint, call.object_id, submits=call.submits, by_id=by_id)
        return self._mask.reply(body, reply.content)

    def masked(self, message: str) -> str:
        """Return a message for a log: short, on one line, and without the key."""
        # A server may echo the key: mask it before the excerpt cuts it, so that no part of it reaches a log.
        # One line, without control characters that a terminal would obey.
        return excerpt(" ".join(terminal_safe(self._mask.text(message)).split()))

    def _wait_for_turn(self, call: Call, longest_wait: float, deadline: float) -> None:
        limit = self._limits.get(call.category) or self._limits[""]
        while True:
            # A 429 holds every thread back, not just the one that got it.
            while (pause := self._resume_at[call.category] - time.monotonic()) > 0:
                if self._resume_at[call.category] > deadline:
                    status, reason = self._held_by[call.category]
                    message = f"{reason} for longer than {longest_wait:.0f} s"
                    raise RateLimitedError(call.endpoint, message, call.object_id, status)
                time.sleep(min(pause, 1.0))
            if not limit.wait(max(deadline - time.monotonic(), 0.0)):
                message = f"our own rate limit left no room for it within {longest_wait:.0f} s"
                raise RateLimitedError(call.endpoint, message, call.object_id)
            if time.monotonic() >= self._resume_at[call.category]:  # no other thread got a 429 meanwhile
                return

    def _request(self, call: Call, content: bytes | None) -> Reply:
        self._meter.sent(call.endpoint)
        try:
            with self._meter.api:
                reply = self._session.request(call.method, call.path, content, call.headers)
        except ReplyTooLargeError as error:
            unreadable = SubmissionOutcomeUnknownError if call.submits else UnreadableReplyError
            raise unreadable(call.endpoint, str(error), call.object_id) from None
        except (OSError, HTTPError) as error:  # those of requests are OSErrors
            raise self._failure(call, error) from None
        self._meter.received(reply.wire_bytes, rate_limited=reply.status_code == 429)
        return reply

    def _failure(self, call: Call, error: OSError | HTTPError) -> MixpeekError:
        """Return the error for a call without a reply."""
        if isinstance(error, requests.exceptions.InvalidURL | LocationValueError):
            return WrongEndpointError(call.endpoint, self.masked(str(error)), call.object_id)
        if never_connected(error):
            # A plain OSError is about a certificate file that the environment names.
            reason = error if type(error) is OSError else type(error).__name__
            message = f"no server at {self._base} ({reason})"
            return ServerUnreachableError(call.endpoint, message, call.object_id)
        lost = SubmissionOutcomeUnknownError if call.submits else TransientError
        return lost(call.endpoint, f"no complete reply ({type(error).__name__})", call.object_id)
