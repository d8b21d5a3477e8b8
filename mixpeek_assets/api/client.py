"""The Mixpeek client: its verbs over one session."""

import json
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
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
from mixpeek_assets.api import records
from mixpeek_assets.api.deadline import Reply, ReplyTooLargeError
from mixpeek_assets.api.errors import (
    MixpeekError,
    NotFoundError,
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
from mixpeek_assets.api.rate_limit import NoLimit, RateLimit
from mixpeek_assets.api.records import AssetReply, FeatureReply, JsonObject, SearchReply, TaskReply
from mixpeek_assets.api.redact import KeyMask
from mixpeek_assets.api.replies import clock_skew, read_object, retry_after
from mixpeek_assets.api.session import Session, never_connected
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
class _Call:
    method: str
    template: str
    object_id: str | None = None
    query: str = ""
    body: JsonObject | None = None
    submits: bool = False

    @property
    def endpoint(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def path(self) -> str:
        # Only an id goes into the path; a submission names its video in the body.
        path = self.template.format(id=quote(self.object_id or "", safe=""))
        return f"{path}?{self.query}" if self.query else path


def _encoded(call: _Call) -> bytes | None:
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


class MixpeekClient:
    """Calls the Mixpeek API: the guide's paths without a prefix, the later ones with `/v1`.

    Thread-safe: threads share one session with `concurrency` connections. A call that fails in a retryable way is sent
    again after growing, random pauses; a submission only if it certainly never arrived.

    Args:
        api_url: Where the API is, without a trailing slash.
        api_key: Sent as the bearer token, and nowhere else.
        prefix: `/v1` for the paths from January 2025 on (contract, timeline).
        namespace: Sent as X-Namespace (contract b1).
        concurrency: How many requests are in flight at most.
        limit: The rate limit that all processes share; closed with the client.
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
        prefix: str = "",
        namespace: str | None = None,
        concurrency: int = 16,
        limit: RateLimit | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self.concurrency = concurrency
        self.threads = concurrency + concurrency // 8
        self._base = api_url + prefix
        self._mask = KeyMask(api_key)
        self._limit = limit or NoLimit()
        self._policy = policy or RetryPolicy()
        self._meter = Meter()
        self._reading = _retrying(TransientError, self._policy, self._meter.pause)
        self._submitting = _retrying(ServerUnreachableError, self._policy, self._meter.pause)
        self._resume_at = 0.0
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
        return self._limit.per_minute

    def close(self) -> None:
        """Close the connections and the rate limit."""
        self._session.close()
        self._limit.close()

    def submit_video(
        self,
        url: str,
        collection: str,
        *,
        metadata: JsonObject | None = None,
        skip_duplicate: bool | None = None,
        feature_extractors: list[JsonObject] | None = None,
        replaces: str | None = None,
    ) -> str:
        """Ask for a video to be processed (contract b2) and return the id of its task.

        Args:
            url: The video's address.
            collection: Name or id; the API creates a missing one.
            metadata: Any object; the API returns it with the asset.
            skip_duplicate: Sent when not None. True makes a second submission safe (contract b8).
            feature_extractors: Sent when not None; otherwise the API uses its own.
            replaces: The asset whose content the video replaces.

        Raises:
            SubmissionOutcomeUnknownError: the API may have accepted it.
            MixpeekError: the API did not accept it.
        """
        body: JsonObject = {"url": url, "collection": collection}
        if metadata:
            body["metadata"] = metadata
        if skip_duplicate is not None:
            body["skip_duplicate"] = skip_duplicate
        if feature_extractors is not None:
            body["feature_extractors"] = feature_extractors
        if replaces is not None:
            body["asset_update"] = {"asset_id": replaces, "mode": "replace"}
        call = _Call("POST", "/ingest/videos/url", object_id=url, body=body, submits=True)
        task_id = records.read_task_id(reply := self._send(call))
        if task_id is None:
            raise SubmissionOutcomeUnknownError(call.endpoint, self._masked(f"a reply without a task_id: {reply}"), url)
        return task_id

    def get_task(self, task_id: str) -> TaskReply:
        """Read a task's status (contract b3)."""
        return records.read_task(self._send(_Call("GET", "/tasks/{id}", task_id)), task_id)

    def find_asset(self, task_id: str, collection: str) -> str | None:
        """Find the asset of a task whose reply names none: the last resort of contract b3."""
        filters = {"AND": [{"key": "task_id", "operator": "eq", "value": task_id}]}
        call = _Call("POST", "/assets", task_id, body={"collections": [collection], "filters": filters})
        return records.read_found_asset(self._send(call), task_id)

    def get_asset(self, asset_id: str) -> AssetReply:
        """Read an asset with the list of its features (contract b4)."""
        return records.read_asset(self._send(_Call("GET", "/assets/{id}/features", asset_id)), asset_id)

    def get_feature(self, feature_id: str) -> FeatureReply:
        """Read a feature with its named vectors (contract b5).

        The guide has `include_vectors`, the reference `return_vectors`: the call sends both.
        """
        call = _Call("GET", "/features/{id}", feature_id, "include_vectors=true&return_vectors=true")
        body, content = self._answer(call)
        return records.read_feature(body, feature_id, content)

    def search(
        self,
        words: str,
        collections: Sequence[str],
        *,
        index: str = "multimodal",
        modality: str | None = None,
        limit: int = 10,
    ) -> SearchReply:
        """Find the features nearest to some words (contract b5), nearest first.

        Args:
            words: What to look for.
            collections: Names or ids; at least one.
            index: The named vector to search; its key was renamed on 2024-12-28, so the call sends both.
            modality: Find only features of this modality.
            limit: How many to find at most, 1 to 100.

        Raises:
            MixpeekError: with status 404 or 405, the API offers no search.
        """
        query: JsonObject = {"vector_index": index, "embedding_model": index, "type": "text", "value": words}
        body: JsonObject = {"queries": [query], "collections": list(collections)}
        if modality is not None:
            body["filters"] = {"AND": [{"key": "modality", "operator": "eq", "value": modality}]}
        call = _Call("POST", "/features/search", words, f"page_size={limit}", body)
        return records.read_search(self._send(call))

    def time(self) -> datetime:
        """Return the time by the API's clock, from its last reply; before the first reply, by ours."""
        return clock.now() + self.skew

    def probe(self) -> None:
        """Ask for a task that cannot exist: the API's own 404 shows that it answers and accepts the key.

        Raises:
            MixpeekError: it does not.
        """
        with suppress(NotFoundError):
            self._send(_Call("GET", "/tasks/00000000-0000-0000-0000-000000000000"))

    def _send(self, call: _Call) -> JsonObject:
        return self._answer(call)[0]

    def _answer(self, call: _Call) -> tuple[JsonObject, bytes]:
        # A submission whose outcome is unknown is not repeated here: its next attempt must be recorded first.
        return (self._submitting if call.submits else self._reading)(self._exchange, call)

    def _exchange(self, call: _Call) -> tuple[JsonObject, bytes]:
        """Send a call, again after each 429, and return its reply: parsed, and as bytes."""
        if "{id}" in call.template and (call.object_id in (".", "..") or len(call.path) > _LONGEST_PATH):
            # Dots in a path lead to another resource, even when escaped.
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
            if reply.status_code != 429:
                break
            refused += 1
            pause = retry_after(reply) or min(2.0**refused, self._policy.pause)
            self._resume_at = max(self._resume_at, time.monotonic() + pause)
        try:
            # A 404 for a replacement may mean that the API does not know the asset.
            by_id = call.method == "GET" or "asset_update" in (call.body or {})
            body = read_object(reply, call.endpoint, call.object_id, submits=call.submits, by_id=by_id)
            return self._mask.reply(body, reply.content), reply.content
        except MixpeekError as error:
            failure = replace(error, message=self._masked(error.message))
        except ValueError as error:
            kind = SubmissionOutcomeUnknownError if call.submits else UnreadableReplyError
            failure = kind(call.endpoint, f"a reply that cannot be kept: {error}", call.object_id, reply.status_code)
        raise failure

    def _masked(self, message: str) -> str:
        # A server may echo the key: mask it before the excerpt cuts it, so that no part of it reaches a log.
        # One line, without control characters that a terminal would obey.
        return records.excerpt(" ".join(terminal_safe(self._mask.text(message)).split()))

    def _wait_for_turn(self, call: _Call, longest_wait: float, deadline: float) -> None:
        while True:
            # A 429 holds every thread back, not just the one that got it.
            while (pause := self._resume_at - time.monotonic()) > 0:
                if self._resume_at > deadline:
                    message = f"rate limit exceeded for longer than {longest_wait:.0f} s"
                    raise RateLimitedError(call.endpoint, message, call.object_id, 429)
                time.sleep(min(pause, 1.0))
            if not self._limit.wait(max(deadline - time.monotonic(), 0.0)):
                message = f"our own rate limit left no room for it within {longest_wait:.0f} s"
                raise RateLimitedError(call.endpoint, message, call.object_id)
            if time.monotonic() >= self._resume_at:  # no other thread got a 429 meanwhile
                return

    def _request(self, call: _Call, content: bytes | None) -> Reply:
        self._meter.sent(call.endpoint)
        try:
            with self._meter.api:
                reply = self._session.request(call.method, call.path, content)
        except ReplyTooLargeError as error:
            unreadable = SubmissionOutcomeUnknownError if call.submits else UnreadableReplyError
            raise unreadable(call.endpoint, str(error), call.object_id) from None
        except (OSError, HTTPError) as error:  # those of requests are OSErrors
            raise self._failure(call, error) from None
        self._meter.received(reply.wire_bytes, rate_limited=reply.status_code == 429)
        return reply

    def _failure(self, call: _Call, error: OSError | HTTPError) -> MixpeekError:
        """Return the error for a call without a reply."""
        if isinstance(error, requests.exceptions.InvalidURL | LocationValueError):
            return WrongEndpointError(call.endpoint, self._masked(str(error)), call.object_id)
        if never_connected(error):
            # A plain OSError is about a certificate file that the environment names.
            reason = error if type(error) is OSError else type(error).__name__
            message = f"no server at {self._base} ({reason})"
            return ServerUnreachableError(call.endpoint, message, call.object_id)
        lost = SubmissionOutcomeUnknownError if call.submits else TransientError
        return lost(call.endpoint, f"no complete reply ({type(error).__name__})", call.object_id)
