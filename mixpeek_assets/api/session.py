"""What our requests travel on: signed, never redirected, and told apart when they never left."""

from collections.abc import Mapping
from functools import cached_property

import requests
from pydantic import SecretStr
from urllib3 import HTTPConnectionPool, Retry, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, SSLError

from mixpeek_assets.api.deadline import DeadlineAdapter, Reply, read_whole

_NEVER = Retry(total=False)
"""Who retries is the client."""


class Session:
    """Kept connections to one server, with the key on every request.

    `requests` says once what the environment asks for (proxies, certificates); the requests then go straight over its
    urllib3 pool, at a third of the CPU. So no redirect is followed: a POST would become a GET, and the key would travel
    to another host. Nor is there a .netrc to replace the key, or a cookie.

    Args:
        base: Where the API is.
        key: Sent as the bearer token.
        headers: Sent beside it.
        connections: How many requests are in flight at most, each on a connection that is kept.
        timeout: Seconds to connect, and between two bytes.
        whole: Seconds from a request's being sent to its reply's being there.
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
        # Of its other defaults HTTP/1.1 itself is one, and the other says nothing.
        chosen = {name: defaults[name] for name in ("User-Agent", "Accept-Encoding")}
        self._headers = {**chosen, **headers, "Authorization": f"Bearer {key.get_secret_value()}"}

    def request(self, method: str, path: str, content: bytes | None = None) -> Reply:
        """Send a request, and read its whole reply.

        Args:
            method: GET or POST.
            path: Below the base, with its query.
            content: The body, JSON.

        Raises:
            ReplyTooLargeError: there is more of it than we read.
            OSError: it failed (those of `requests` are OSErrors).
            HTTPError: it failed.
        """
        pool, target = self._route
        response = pool.urlopen(
            method,
            target + path,
            body=content,
            headers=self._headers if content is None else {**self._headers, "Content-Type": "application/json"},
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
        """The connections to the server, or to the proxy before it, and how an address begins there."""
        request = requests.Request("GET", self._base).prepare()
        with requests.Session() as environment:
            found = environment.merge_environment_settings(self._base, {}, None, None, None)
        verify, proxies, cert = found["verify"], found["proxies"], found["cert"]
        pool = self._adapter.get_connection_with_tls_context(request, verify, proxies, cert)
        self._adapter.cert_verify(pool, self._base, verify, cert)
        return pool, self._adapter.request_url(request, proxies).rstrip("/")


_REFUSED_BY_TLS = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "HANDSHAKE_FAILURE")


def never_connected(error: OSError | HTTPError) -> bool:
    """Say whether the request certainly never left: a submission may then be sent again."""
    if isinstance(error, SSLError):
        # TLS can also break while the answer is read.
        return any(sign in str(error) for sign in _REFUSED_BY_TLS)
    return type(error) is OSError or isinstance(error, NewConnectionError | ConnectTimeoutError | ProxyError)
