"""Runs inside the environment of one of the vendor's SDKs: makes the calls that it reads, and writes what they gave.

Run as `python sdk_calls.py <url> <key>`. A line in is `{"operation": "tasks.get", "arguments": {...}}`; a line out has
what the SDK returned or raised, and the reply's body as it came, because the SDK's own types drop what they do not
name: all metadata, and everything that a search finds.
"""

import json
import signal
import sys
import traceback
from operator import attrgetter
from typing import Any

import httpx  # pyright: ignore[reportMissingImports]
from mixpeek import Mixpeek, models  # pyright: ignore[reportMissingImports]
from mixpeek.types.basemodel import Unset  # pyright: ignore[reportMissingImports]
from pydantic import BaseModel

CALL_SECONDS = 30


def main(url: str, key: str) -> None:
    replies: list[httpx.Response] = []

    def keep(reply: httpx.Response) -> None:
        reply.read()
        replies.append(reply)

    with httpx.Client(event_hooks={"response": [keep]}, trust_env=False) as client:
        sdk = Mixpeek(token=key, server_url=url, client=client, timeout_ms=CALL_SECONDS * 1000)
        for line in sys.stdin:
            signal.alarm(CALL_SECONDS)  # ends this process, whatever it waits for
            answer = call(sdk, **json.loads(line))
            signal.alarm(0)
            answer["body"] = replies.pop().json() if replies else None
            sys.stdout.write(json.dumps(answer, default=str) + "\n")
            sys.stdout.flush()


def call(sdk: Mixpeek, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call the SDK, and tell the errors that it documents from those that it stumbles over."""
    try:
        return {"returned": plain(attrgetter(operation)(sdk)(**arguments))}
    except (models.ErrorResponse, models.HTTPValidationError) as error:
        return {"raised": type(error).__name__, "error": plain(error.data)}
    except models.APIError as error:
        return {"raised": type(error).__name__, "error": {"status": error.status_code}}
    except Exception as error:
        return {"raised": type(error).__name__, "error": traceback.format_exc()}


def plain(value: Any) -> Any:
    """What the SDK's objects hold. (Their own `model_dump` loses lists of features.)"""
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if not isinstance(value, BaseModel):
        return value
    parts = dict(value)
    unset = {name for name, part in parts.items() if isinstance(part, Unset)}
    # An object where the SDK wants a string or a number raises nothing: it is taken for "not given".
    if lost := unset & value.model_fields_set:
        raise TypeError(f"{type(value).__name__} cannot hold the {sorted(lost)} that came")
    return {name: plain(part) for name, part in parts.items() if name not in unset}


if __name__ == "__main__":
    main(*sys.argv[1:])
