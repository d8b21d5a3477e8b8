"""Runs inside the environment of the vendor's SDK 1.3.783, with both of its clients: makes the calls that it reads.

Run as `python documents_calls.py <url> <key>`. A line in is `{"operation": ..., "arguments": {...}}`. The operation
`Mixpeek.buckets.create` is one of the client that the vendor wrote by hand, `BucketsApi.create_bucket` one of the
client that is generated from the OpenAPI document. The argument `in_namespace` goes into the header. A line out has
what the client returned or raised, and the reply's body as it came.
"""

import inspect
import json
import signal
import sys
import traceback
from operator import attrgetter
from typing import Any, get_args

import mixpeek  # pyright: ignore[reportMissingImports]
from mixpeek._client.client import MixpeekAPIError  # pyright: ignore[reportMissingImports]
from mixpeek.exceptions import ApiException  # pyright: ignore[reportMissingImports]

CALL_SECONDS = 60


def main(url: str, key: str) -> None:
    by_hand = mixpeek.Mixpeek(key, base_url=f"{url}/v1")
    for line in sys.stdin:
        signal.alarm(CALL_SECONDS)  # ends this process, whatever it waits for
        asked = json.loads(line)
        namespace = asked["arguments"].pop("in_namespace", None)
        client, _, operation = asked["operation"].partition(".")
        try:
            if client == "Mixpeek":
                by_hand.namespace = namespace
                returned = attrgetter(operation)(by_hand)(**asked["arguments"])
                answer = {"returned": returned, "body": returned}
            else:
                configured = mixpeek.Configuration(host=url, access_token=key, api_key={"NamespaceHeader": namespace})
                answer = generated(
                    getattr(mixpeek, client)(mixpeek.ApiClient(configured)), operation, **asked["arguments"]
                )
        except (MixpeekAPIError, ApiException) as error:
            body = error.detail if isinstance(error, MixpeekAPIError) else json.loads(error.body)
            answer = {"raised": type(error).__name__, "error": plain(getattr(error, "data", None)), "body": body}
        except Exception as error:
            answer = {"raised": type(error).__name__, "error": traceback.format_exc(), "body": None}
        signal.alarm(0)
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
        sys.stdout.flush()


def generated(api: Any, operation: str, **arguments: Any) -> dict[str, Any]:
    """Call the generated client, with objects of its own classes where it wants them."""
    method = getattr(api, f"{operation}_with_http_info")
    parameters = inspect.signature(method).parameters
    built = {name: typed(parameters[name].annotation, value) for name, value in arguments.items()}
    reply = method(**built)
    return {
        "returned": plain(reply.data),
        "status": reply.status_code,
        "body": json.loads(reply.raw_data) if reply.raw_data else None,
    }


def typed(annotation: Any, value: Any) -> Any:
    """The value, as an object of the class that a parameter has."""
    if isinstance(value, dict):
        if hasattr(annotation, "from_dict"):
            return annotation.from_dict(value)
        for part in get_args(annotation):
            found = typed(part, value)
            if found is not value:
                return found
    return value


def plain(value: Any) -> Any:
    """What the client's objects hold."""
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


if __name__ == "__main__":
    main(*sys.argv[1:])
