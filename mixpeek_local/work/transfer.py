"""A download that resumes where it broke off, and stops when it is too large."""

from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from typing import IO

from tenacity import RetryCallState, Retrying, retry_if_exception_type
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import DecodeError, HTTPError

from mixpeek_local.addresses import AllowedHosts
from mixpeek_local.extract.records import UnusableVideoError
from mixpeek_local.local_files import TooLargeError
from mixpeek_local.work.web import NoReplyError, get, no_reply, without_secrets

FRUITLESS_ATTEMPTS = 4
"""Attempts in a row without a new byte after which a download fails; the supervisor limits its whole time."""

_CHUNK = 1 << 17
_WORTH_ANOTHER_ATTEMPT = (408, 429, 500, 502, 503, 504)


class Transfer:
    """One download.

    Args:
        url: An http(s) URL.
        file: Where the content is written, from the beginning.
        max_bytes: The largest size, counted as it is stored.
        allowed: Which hosts may be reached.
        progress: Called with the share of the content that has arrived, if the size is known.
    """

    def __init__(
        self, url: str, file: IO[bytes], *, max_bytes: int, allowed: AllowedHosts, progress: Callable[[float], None]
    ) -> None:
        self._url = url
        self._shown = without_secrets(url)
        self._file = file
        self._max_bytes = max_bytes
        self._allowed = allowed
        self._progress = progress
        self._tag: str | None = None  # ETag of the content that the file has the beginning of
        self._most = 0  # the largest size after an attempt
        self._fruitless = 0

    def run(self) -> None:
        """Fetch everything, in several attempts if necessary.

        Raises:
            UnusableVideoError: The download failed; the message says why.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(NoReplyError),
            stop=self._is_hopeless,
            wait=lambda _state: 0.3 * 2**self._fruitless,  # regardless of Retry-After: other videos are waiting
            reraise=True,
        )
        try:
            attempts(self._attempt)
        except NoReplyError as error:
            raise UnusableVideoError(f"{self._shown} {error}") from error

    def _is_hopeless(self, _state: RetryCallState) -> bool:
        size = self._file.tell()
        self._fruitless = 0 if size > self._most else self._fruitless + 1
        self._most = max(self._most, size)
        return self._fruitless >= FRUITLESS_ATTEMPTS

    def _attempt(self) -> None:
        size = self._file.tell()
        rest = {"Range": f"bytes={size}-", "If-Range": self._tag} if self._tag and size else {}
        with closing(get(self._url, rest, self._allowed)) as response:
            if response.status == HTTPStatus.PARTIAL_CONTENT and rest:
                self._require_the_rest(response)
            elif response.status == HTTPStatus.OK:
                self._start_over(response)
            else:
                self._refuse(response.status)
            self._read(response)

    def _require_the_rest(self, response: BaseHTTPResponse) -> None:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {self._file.tell()}-"):
            self._tag = None
            raise NoReplyError("could not be downloaded: its server sends other parts than it is asked for")

    def _start_over(self, response: BaseHTTPResponse) -> None:
        self._file.seek(0)
        self._file.truncate()
        tag = response.headers.get("ETag")
        # A weak tag may stand for other bytes too (RFC 9110, 8.8.3), and a range counts encoded bytes.
        self._tag = None if tag is None or tag.startswith("W/") or _is_encoded(response) else tag

    def _refuse(self, status: int) -> None:
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "(unknown status)"
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self._tag = None
            raise NoReplyError(f"answered {status} {phrase}")
        if status in _WORTH_ANOTHER_ATTEMPT:
            raise NoReplyError(f"answered {status} {phrase}")
        raise UnusableVideoError(f"{self._shown} answered {status} {phrase}")

    def _read(self, response: BaseHTTPResponse) -> None:
        announced = response.length_remaining
        whole = None if announced is None else self._file.tell() + announced
        if whole is not None and whole > self._max_bytes:
            raise TooLargeError(self._max_bytes)
        try:
            # Not `stream`, which loses the last bytes before a connection breaks off.
            while chunk := response.read1(_CHUNK, decode_content=True):
                if self._file.tell() + len(chunk) > self._max_bytes:
                    raise TooLargeError(self._max_bytes)
                self._file.write(chunk)
                if whole and not _is_encoded(response):
                    self._progress(self._file.tell() / whole)
        except DecodeError as error:
            raise UnusableVideoError(f"{self._shown} sent a compressed body that is damaged") from error
        except HTTPError as error:
            raise no_reply(error) from error


def _is_encoded(response: BaseHTTPResponse) -> bool:
    return response.headers.get("Content-Encoding", "identity").lower() != "identity"
