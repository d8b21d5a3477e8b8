"""The client of Qdrant for as long as a verb takes, and its errors as sentences without the key."""

import json
import sqlite3
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr, ValidationError
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from mixpeek_assets.sinks.errors import SinkDownError, SinkError

_SECONDS = 60
"""That an answer may take: a request is answered once its points can be searched."""
_PASSING = {404, 408, 409, 425, 429}
"""Of the statuses below 500, those that mean another time: a collection that is gone is made by the next run."""


def is_server(place: str) -> bool:
    """Say whether a place is a server's URL, and not a folder."""
    return "://" in place


def shown(place: str) -> str:
    """Return a place as messages say it: a URL without what may be secret in it."""
    if not is_server(place):
        return place
    parts = urlsplit(place)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


@contextmanager
def opened(place: str, key: SecretStr | None) -> Generator[QdrantClient]:
    """Give a client of a server, or of a folder, which nobody else can open meanwhile.

    Raises:
        SinkError: The block failed in a way that needs a change.
        SinkDownError: It may succeed another time.
    """
    with warnings.catch_warnings():
        # Of its versions, of keys over HTTP, of the size of a folder: nothing that a log of a run needs.
        warnings.simplefilter("ignore", UserWarning)
        client = _server(place, key) if is_server(place) else _folder(Path(place))
        try:
            yield client
        except UnexpectedResponse as error:
            raise _refused(shown(place), error, key) from None
        except ResponseHandlingException as error:
            raise _unanswered(shown(place), error.source) from None
        except ResourceExhaustedResponse as error:
            raise SinkDownError(f"Qdrant at {shown(place)} takes no more requests now: {error}") from None
        except (json.JSONDecodeError, httpx.InvalidURL):
            raise _no_qdrant(shown(place)) from None
        except (sqlite3.Error, OSError) as error:
            raise SinkDownError(f"Qdrant's folder {place} cannot be written: {error}") from None
        finally:
            client.close()


def _server(place: str, key: SecretStr | None) -> QdrantClient:
    api_key = None if key is None else key.get_secret_value()
    try:
        return QdrantClient(url=place, api_key=api_key, timeout=_SECONDS, check_compatibility=False)
    except ValueError:
        raise _no_qdrant(shown(place)) from None


def _folder(folder: Path) -> QdrantClient:
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / "meta.json").exists():
            raise _foreign(folder)
        return QdrantClient(path=str(folder))
    except RuntimeError:
        raise SinkDownError(
            f"Qdrant's folder {folder} is open elsewhere, such as in a notebook: close it there, or use a Qdrant server"
        ) from None
    except OSError as error:
        raise SinkError(f"Qdrant's folder {folder} cannot be opened: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _foreign(folder) from None


def _foreign(folder: Path) -> SinkError:
    return SinkError(
        f"{folder} holds something else than Qdrant's local mode: set MIXPEEK_SINK_QDRANT to another folder"
    )


def _no_qdrant(place: str) -> SinkError:
    return SinkError(f"What answers at {place} is no Qdrant: check MIXPEEK_SINK_QDRANT, and its port (6333, or :443)")


def _refused(place: str, error: UnexpectedResponse, key: SecretStr | None) -> SinkError:
    status, words = error.status_code or 0, _words(error)
    if key is not None:
        words = words.replace(key.get_secret_value(), "…")
    if status in (401, 403):
        wanted = "does not accept the key" if key else "wants a key"
        return SinkError(
            f"Qdrant at {place} {wanted} ({status}): set MIXPEEK_SINK_QDRANT_KEY to one that may write collections"
        )
    if "No space left" in words:
        return SinkDownError(f"Qdrant at {place} has no room left on its disk ({words}): give it more")
    if status < 400 or (status == 404 and _qdrants_words(error) is None):
        return _no_qdrant(place)
    if status >= 500 or status in _PASSING:
        return SinkDownError(f"Qdrant at {place} cannot answer now: {status} {words}")
    return SinkError(f"Qdrant at {place} refuses a request: {status} {words}")


def _words(error: UnexpectedResponse) -> str:
    return _qdrants_words(error) or error.content[:200].decode(errors="replace").strip() or error.reason_phrase


def _qdrants_words(error: UnexpectedResponse) -> str | None:
    """Return what Qdrant says, whose errors are `{"status": {"error": …}}`; None: something else has answered."""
    try:
        return str(json.loads(error.content)["status"]["error"])
    except (ValueError, KeyError, TypeError):
        return None


def _unanswered(place: str, source: Exception) -> SinkError:
    if isinstance(source, ValidationError):
        return _no_qdrant(place)
    if isinstance(source, httpx.TimeoutException):
        return SinkDownError(f"Qdrant at {place} did not answer within {_SECONDS} seconds")
    if isinstance(source, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return _no_qdrant(place)  # its words may quote a header, and so the key
    return SinkDownError(f"Qdrant at {place} cannot be reached ({source}): start it, or check MIXPEEK_SINK_QDRANT")
