"""The HTTP session: adds the key, follows no redirects, and knows which requests never left."""

from collections.abc import Mapping
from functools import cached_property

import requests
from pydantic import SecretStr
from urllib3 import HTTPConnectionPool, Retry, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, SSLError

from mixpeek_assets.api.deadline import DeadlineAdapter, Reply, read_whole

_JSON = {"Content-Type": "application/json"}
_NEVER = Retry(total=False)
"""The client does the retrying."""


class Session:
    """Persistent connections to one server, with the key on every request.

    `requests` reads the environment once (proxies, certificates); the calls then use its urllib3 pool directly, at a
    third of the CPU. So there are no redirects, which would turn a POST into a GET and send the key to another host, no
    .netrc that replaces the key, and no cookies.

    Args:
        base: Where the API is.
        key: Sent as the bearer token.
        headers: Sent beside it.
        connections: How many requests are in flight at most, each on its own connection.
        timeout: Seconds to connect, and between two bytes.
        whole: Seconds from sending a request to the last byte of its reply.
    """

    def __init__(
        self,
        base: str,
        key: SecretStr,
        *,
        headers: Mapping[str, str],
        connections: int,
        timeout: tuple[float, float],
        whole: float,
    ) -> None:
        self._base = base
        self._adapter = DeadlineAdapter(whole, connections)
        self._timeout = Timeout(connect=timeout[0], read=timeout[1])
        defaults = requests.utils.default_headers()
        # Its other defaults (keep-alive, any media type) are HTTP/1.1's own.
        chosen = {name: defaults[name] for name in ("User-Agent", "Accept-Encoding")}
        self._headers = {**chosen, **headers, "Authorization": f"Bearer {key.get_secret_value()}"}

    def request(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a request, and read its whole reply.

        Args:
            method: GET, POST or DELETE.
            path: Below the base, with its query.
            content: The body, JSON.
            headers: Of this request alone.

        Raises:
            ReplyTooLargeError: the reply is larger than the client reads.
            OSError: it failed (the errors of `requests` are OSErrors).
            HTTPError: it failed.
        """
        pool, target = self._route
        response = pool.urlopen(
            method,
            target + path,
            body=content,
            headers={**self._headers, **(headers or {}), **(_JSON if content is not None else {})},
            timeout=self._timeout,
            retries=_NEVER,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
        )
        return read_whole(response)

    def close(self) -> None:
        """Close every connection."""
        self._adapter.close()

    @cached_property
    def _route(self) -> tuple[HTTPConnectionPool, str]:
        """The pool to the server (or its proxy), and the prefix of request targets there."""
        request = requests.Request("GET", self._base).prepare()
        with requests.Session() as environment:
            found = environment.merge_environment_settings(self._base, {}, None, None, None)
        verify, proxies, cert = found["verify"], found["proxies"], found["cert"]
        pool = self._adapter.get_connection_with_tls_context(request, verify, proxies, cert)
        self._adapter.cert_verify(pool, self._base, verify, cert)
        return pool, self._adapter.request_url(request, proxies).rstrip("/")


_REFUSED_BY_TLS = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "HANDSHAKE_FAILURE")


def never_connected(error: OSError | HTTPError) -> bool:
    """Say whether the request certainly never left, so that a submission may be sent again."""
    if isinstance(error, SSLError):
        # TLS can also fail while the reply is read.
        return any(sign in str(error) for sign in _REFUSED_BY_TLS)
    return type(error) is OSError or isinstance(error, NewConnectionError | ConnectTimeoutError | ProxyError)
