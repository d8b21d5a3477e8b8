"""The HTTP faults, a few lines each; `PLAYS` has them all.

Faults that replace the reply leave the application alone; faults that spoil or lose the true reply let it work first.
"""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from mixpeek_local.faults.exchange import Exchange, Reply
from mixpeek_local.faults.rules import FaultKind, FaultRule
from mixpeek_local.http.replies import JSON, error

Play = Callable[[Exchange, FaultRule], Awaitable[None]]

_CHUNK = b"x" * (1 << 16)
_DRIPS = 50
_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
)
_FLAT = {
    "error": "TooManyRequests",
    "message": "Rate limit exceeded",
    "details": {"rate_limit": 10, "api_name": "rehearsal"},
}
_QUOTA = {
    "success": False,
    "status": 403,
    "error": {
        "message": "the plan's cap of objects is reached",
        "type": "QuotaExceededError",
        "details": {"resource": "objects", "current": 100, "limit": 100, "tier": "free"},
    },
}


def _instead(make: Callable[[FaultRule], Response]) -> Play:
    async def play(exchange: Exchange, rule: FaultRule) -> None:
        await Reply.of(make(rule)).send(exchange.send)

    return play


def _spoilt(spoil: Callable[[Reply], None]) -> Play:
    async def play(exchange: Exchange, _rule: FaultRule) -> None:
        reply = await exchange.work()
        spoil(reply)
        await reply.send(exchange.send)

    return play


async def _reset(exchange: Exchange, _rule: FaultRule) -> None:
    await exchange.drain()  # a caller that is still sending could take a reset for a plain close
    await exchange.reset()


async def _lose(exchange: Exchange, _rule: FaultRule) -> None:
    await exchange.work()
    await exchange.reset()


async def _ignore(exchange: Exchange, rule: FaultRule) -> None:
    if not await exchange.is_gone_within(rule.seconds):
        await exchange.reset()


async def _answer_late(exchange: Exchange, rule: FaultRule) -> None:
    reply = await exchange.work()
    if not await exchange.is_gone_within(rule.seconds):
        await reply.send(exchange.send)


async def _cut_off(exchange: Exchange, _rule: FaultRule) -> None:
    reply = await exchange.work()
    await reply.begin(exchange.send, len(reply.body))
    half = reply.body[: len(reply.body) // 2]
    await exchange.send({"type": "http.response.body", "body": half, "more_body": True})
    await exchange.hang_up()


async def _drip(exchange: Exchange, rule: FaultRule) -> None:
    reply = await exchange.work()
    await reply.begin(exchange.send, len(reply.body))
    size = -(-len(reply.body) // _DRIPS) or 1
    pieces = [reply.body[start : start + size] for start in range(0, len(reply.body), size)]
    for piece in pieces:
        if await exchange.is_gone_within(rule.seconds / len(pieces)):
            return
        await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
    await exchange.send({"type": "http.response.body", "body": b""})


async def _swell(exchange: Exchange, rule: FaultRule) -> None:
    """Send `rule.bytes` of padding before the true fields, a chunk at a time, so that memory holds only one."""
    reply = await exchange.work()
    head, tail = b'{"padding":"', b'",' + reply.body[1:]
    await reply.begin(exchange.send, len(head) + rule.bytes + len(tail))
    await exchange.send({"type": "http.response.body", "body": head, "more_body": True})
    for left in range(rule.bytes, 0, -len(_CHUNK)):
        await exchange.send({"type": "http.response.body", "body": _CHUNK[:left], "more_body": True})
    await exchange.send({"type": "http.response.body", "body": tail})


def _truncate(reply: Reply) -> None:
    reply.body = reply.body[: len(reply.body) // 2]


def _put_nan(reply: Reply) -> None:
    reply.body = b'{"score":NaN,' + reply.body[1:]


def _put_into_array(reply: Reply) -> None:
    reply.body = b"[" + reply.body + b"]"


def _empty(reply: Reply) -> None:
    reply.body = b""


def _mislabel(reply: Reply) -> None:
    reply.headers["content-type"] = "text/html; charset=utf-8"


def _break_gzip(reply: Reply) -> None:
    compress = zlib.compressobj(wbits=31)
    half = compress.compress(reply.body[: len(reply.body) // 2]) + compress.flush(zlib.Z_FULL_FLUSH)
    reply.body = half + b"\xff" * 64  # an invalid block type
    reply.headers["content-encoding"] = "gzip"


def _too_many(headers: dict[str, Any] | None = None) -> Response:
    return error(429, "too many requests", headers)


def _refused(rule: FaultRule) -> Response:
    """The reply of today's API while its vector writer starts."""
    details = {"retryable": True, "retry_after_seconds": rule.retry_after}
    reason = {"message": "the write was refused and nothing was stored", "type": "WriterReadOnlyError"}
    body = {"success": False, "status": 503, "error": reason | {"details": details}}
    return JSON(body, status_code=503, headers={"Retry-After": str(rule.retry_after)})


def _come_back(rule: FaultRule) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=rule.retry_after), usegmt=True)


PLAYS: Mapping[FaultKind, Play] = {
    "reset": _reset,
    "lost-acknowledgement": _lose,
    "read-timeout": _ignore,
    "late-reply": _answer_late,
    "cut-off": _cut_off,
    "slow-drip": _drip,
    "408": _instead(lambda _: error(408, "the request took too long to arrive")),
    "429": _instead(lambda _: _too_many()),
    "429-seconds": _instead(lambda rule: _too_many({"Retry-After": str(rule.retry_after)})),
    "429-date": _instead(lambda rule: _too_many({"Retry-After": _come_back(rule)})),
    "429-flat": _instead(lambda _: JSON(_FLAT, status_code=429)),
    "500": _instead(lambda _: error(500, "something went wrong")),
    "502-html": _instead(lambda _: HTMLResponse(_PAGE, status_code=502)),
    "503": _instead(lambda _: error(503, "the service is not available")),
    "503-refused": _instead(_refused),
    "403-quota": _instead(lambda _: JSON(_QUOTA, status_code=403)),
    "redirect": _instead(lambda rule: RedirectResponse(rule.location, 302)),
    "truncated-json": _spoilt(_truncate),
    "nan-json": _spoilt(_put_nan),
    "json-array": _spoilt(_put_into_array),
    "empty-body": _spoilt(_empty),
    "wrong-content-type": _spoilt(_mislabel),
    "broken-gzip": _spoilt(_break_gzip),
    "large-body": _swell,
}
"""The function that plays each kind."""
