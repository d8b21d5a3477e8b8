"""From an HTTP reply to a JSON object, or to the error that it means (contract b7)."""

import json
import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from mixpeek_assets import clock
from mixpeek_assets.api.deadline import Reply
from mixpeek_assets.api.errors import (
    AuthenticationError,
    InsufficientCreditsError,
    MixpeekError,
    NameTakenError,
    NotFoundError,
    OutdatedClientError,
    PermanentError,
    SubmissionOutcomeUnknownError,
    TransientError,
    UnreadableReplyError,
    WrongEndpointError,
)
from mixpeek_assets.strict_json import JsonObject, is_list, is_object

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 300.0


def read_object(
    reply: Reply, endpoint: str, object_id: str | None, *, submits: bool = False, by_id: bool = False
) -> JsonObject:
    """Return the JSON object of a reply.

    Args:
        reply: The complete reply.
        endpoint: For the error.
        object_id: For the error.
        submits: Whether the call creates a task, so that an unusable reply leaves its outcome unknown.
        by_id: Whether the call names an id, so that a 404 may be about the id and not the address.

    Raises:
        MixpeekError: the class says what the reply means.
    """
    if not reply.ok:
        raise _error_of(reply, endpoint, object_id, submits=submits, by_id=by_id)
    lost = SubmissionOutcomeUnknownError if submits else TransientError
    try:
        body = _parse(reply.content)
    except ValueError as error:
        raise lost(endpoint, f"a reply that is not complete JSON ({error})", object_id, reply.status_code) from None
    if not is_object(body):
        message = f"a reply that is not a JSON object: {reply.text}"
        raise (lost if submits else UnreadableReplyError)(endpoint, message, object_id, reply.status_code)
    return body


def failures_in(reply: Reply) -> JsonObject | None:
    """Return the body of a 422 that lists each part that failed, as a bulk request answers when all of them did."""
    body = _body(reply) if reply.status_code == 422 else {}
    return body if is_list(body.get("failed")) else None


def asks_to_wait(reply: Reply) -> bool:
    """Say whether nothing was done, and the same request may be sent again later, which costs no attempt.

    So says a 429, and the 503 of a vector writer that is starting (today's contract, 8).
    """
    if reply.status_code == 429:
        return not _is_over_quota(reply)
    if reply.status_code != 503:
        return False
    error = _error_in(reply)
    return error.get("type") == "WriterReadOnlyError" and _details(error).get("retryable") is not False


def retry_after(reply: Reply) -> float | None:
    """Seconds that a reply asks us to wait: Retry-After as seconds or as a date, else a number in the body."""
    header = reply.headers.get("Retry-After", "").strip()
    try:
        seconds = float(header) if header else None
    except ValueError:
        date = _date(header)
        seconds = (date - clock.now()).total_seconds() if date else None
    if seconds is None:
        body = _body(reply)
        details = body.get("details")
        told = _details(_error_in(reply))
        places = (body, details if is_object(details) else {}, told)
        hints = [told.get("retry_after_seconds"), *(place.get("retry_after") for place in places)]
        seconds = next((float(hint) for hint in hints if isinstance(hint, int | float)), None)
    if seconds is None or math.isnan(seconds):
        return None
    return min(max(seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def clock_skew(reply: Reply) -> timedelta | None:
    """How far the server's clock is ahead of ours, to a second; None if the reply has no date."""
    date = _date(reply.headers.get("Date", ""))
    return date - clock.now() if date else None


def _error_of(reply: Reply, endpoint: str, object_id: str | None, *, submits: bool, by_id: bool) -> MixpeekError:
    status, message = reply.status_code, message_of(reply)
    if 300 <= status < 400 and (location := reply.headers.get("Location")):
        return WrongEndpointError(endpoint, f"redirects to {location}", object_id, status)
    if _is_over_quota(reply):
        return InsufficientCreditsError(endpoint, message, object_id, status)
    if status in {401, 403}:
        return AuthenticationError(endpoint, message, object_id, status)
    lost = SubmissionOutcomeUnknownError if submits else TransientError
    if status == 404 and by_id and _is_cut(reply):
        return lost(endpoint, "a reply that is not complete JSON, so what is missing is not known", object_id, status)
    if status in {404, 405} and (submits or by_id) and not (by_id and _is_of_the_api(reply)):
        return WrongEndpointError(endpoint, message, object_id, status)
    if status == 404:
        return NotFoundError(endpoint, message, object_id, status)
    if status in {408, 425} or not 400 <= status < 500:
        return lost(endpoint, message, object_id, status)
    if status == 409:
        return NameTakenError(endpoint, message, object_id, status)
    if status == 422 and "extra_forbidden" in reply.text:
        return OutdatedClientError(endpoint, message, object_id, status)
    return PermanentError(endpoint, message, object_id, status)


def _is_over_quota(reply: Reply) -> bool:
    if _error_in(reply).get("type") == "QuotaExceededError":
        return True
    # "A 401 is not always a bad key" (contract b7).
    said = message_of(reply).lower()
    return reply.status_code in {401, 403} and ("credit" in said or "quota" in said)


def _error_in(reply: Reply) -> JsonObject:
    """Return the `error` of an envelope, or nothing."""
    error = _body(reply).get("error")
    return error if is_object(error) else {}


def _details(error: JsonObject) -> JsonObject:
    details = error.get("details")
    return details if is_object(details) else {}


def _is_of_the_api(reply: Reply) -> bool:
    """Say whether a 404 or 405 is about the id, and not about a route that is missing here."""
    if reply.status_code == 405:
        return False
    try:
        body = _parse(reply.content)
    except ValueError:
        return False
    # FastAPI's reply for an unknown path.
    return is_object(body) and body != {"detail": "Not Found"}


def _is_cut(reply: Reply) -> bool:
    """Say whether a reply is the beginning of JSON."""
    try:
        _parse(reply.content)
    except ValueError:
        return "json" in reply.headers.get("Content-Type", "") and reply.content.lstrip()[:1] in (b"{", b"[")
    return False


def message_of(reply: Reply) -> str:
    """The server's message, from any error body of the contract (b7), else the body itself."""
    body = _body(reply)
    error, detail = body.get("error"), body.get("detail")
    if is_object(error):
        details = error.get("details")
        invalid = details.get("validation_errors") if is_object(details) else None
        problems = map(_validation_problem, invalid) if is_list(invalid) else ()
        # The type `Error` says nothing that the message does not.
        kind = error.get("type") if error.get("type") != "Error" else None
        words = [error.get("message"), kind, *problems]
    elif is_list(detail):
        words = [_validation_problem(item) for item in detail]
    else:
        words = [body.get("message"), error, detail]
    said = "; ".join(dict.fromkeys(str(word) for word in words if word))
    if said:
        return said
    kind = reply.headers.get("Content-Type", "no content type")
    return f"no error message in the reply ({kind}): {reply.text.strip() or 'empty'}"


def _validation_problem(item: Any) -> str:
    if not is_object(item):
        return str(item)
    # `location` and `message` in the envelope, `loc` and `msg` in the list that FastAPI makes.
    place = item.get("loc", item.get("location"))
    where = ".".join(str(part) for part in place) if is_list(place) else place
    return f"{where}: {item.get('msg', item.get('message'))}"


def _body(reply: Reply) -> JsonObject:
    try:
        body = _parse(reply.content)
    except ValueError:
        return {}
    return body if is_object(body) else {}


def _parse(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # Python servers write NaN, Infinity, lone surrogates and numbers of any size, which are not valid JSON:
        # read them as null, as a question mark and as the nearest number, so that the rest lands.
        try:
            body = json.loads(content, parse_constant=_finite, parse_float=_finite, parse_int=_finite)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return orjson.loads(json.dumps(body, ensure_ascii=False).encode(errors="replace"))


def _finite(number: str) -> int | float | None:
    # 64 bits have at most 20 digits; orjson reads longer numbers as floats too.
    if number.removeprefix("-").isdigit() and len(number) <= 20 and -(2**63) <= int(number) < 2**64:
        return int(number)
    return value if math.isfinite(value := float(number)) else None


def _date(header: str) -> datetime | None:
    """Read the date of a header; without a zone, it is in UTC."""
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
