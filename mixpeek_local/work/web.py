"""GET requests to web servers, only to addresses that were checked."""

import socket
import ssl
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, ProxyManager, Timeout, make_headers
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationParseError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as SlowError
from urllib3.util import Url, parse_url

from mixpeek_local.addresses import AllowedHosts, RefusedAddressError
from mixpeek_local.extract.records import UnusableVideoError

MAX_REDIRECTS = 5
_PATIENCE = Timeout(connect=10, read=30)


class NoReplyError(Exception):
    """No complete reply, for a reason that may pass; the message continues after the URL."""


def get(url: str, headers: dict[str, str], allowed: AllowedHosts) -> BaseHTTPResponse:
    """Request a URL and follow redirects; each host is checked. The body is unread.

    Raises:
        UnusableVideoError: A URL on the way is invalid, or may not be reached.
        NoReplyError: Another attempt may help.
    """
    hop = url
    for _ in range(MAX_REDIRECTS + 1):
        response = _ask(hop, headers, allowed)
        location = response.get_redirect_location()
        if not location:
            return response
        response.close()  # without reading the body
        hop = _joined(hop, location)
    raise UnusableVideoError(f"{without_secrets(url)} redirects more than {MAX_REDIRECTS} times")


def without_secrets(url: str) -> str:
    """The URL without its user and query, which may hold passwords and signatures."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def no_reply(error: HTTPError) -> NoReplyError:
    """Explain why a request or its reply failed."""
    if isinstance(error, SSLError):
        cause = "its certificate or encryption cannot be trusted"
    elif isinstance(error, SlowError) and not isinstance(error, NewConnectionError):
        cause = "the server took too long to answer"
    else:
        cause = "no connection, or it broke off"
    return NoReplyError(f"could not be downloaded: {cause}")


def _ask(url: str, headers: dict[str, str], allowed: AllowedHosts) -> BaseHTTPResponse:
    shown = without_secrets(url)
    try:
        place = parse_url(url)
    except LocationParseError as error:
        raise UnusableVideoError(f"{shown} could not be downloaded: it is not a URL") from error
    if place.scheme not in ("http", "https") or not place.host:
        raise UnusableVideoError(f"{shown} could not be downloaded: it is not an http(s) URL")
    try:
        return _reply(place, headers, allowed)
    except RefusedAddressError as error:
        raise UnusableVideoError(
            f"{shown} may not be reached: {error}; to allow it, set MIXPEEK_LOCAL_API_HOSTS={_host(place)}, "
            "or start this server with --allow-host"
        ) from error
    except (socket.gaierror, UnicodeError) as error:
        raise NoReplyError("could not be downloaded: no connection, because its host is unknown") from error
    except HTTPError as error:
        raise no_reply(error) from error


def _reply(place: Url, headers: dict[str, str], allowed: AllowedHosts) -> BaseHTTPResponse:
    sent = {
        "Host": place.netloc,
        "User-Agent": f"mixpeek-assets/{version('mixpeek-assets')}",
        "Accept-Encoding": "identity",
        **(make_headers(basic_auth=unquote(place.auth)) if place.auth else {}),
        **headers,
    }
    options: dict[str, Any] = {"headers": sent, "redirect": False, "retries": False, "preload_content": False}
    port = place.port or {"http": 80, "https": 443}[place.scheme or ""]
    proxy = _proxy(place)
    if proxy is not None:
        _check_what_is_known(_host(place), port, allowed)
        return proxy.urlopen("GET", place._replace(auth=None, fragment=None).url, **options)
    *others, last = allowed.addresses(_host(place), port)
    for address in others:
        try:
            return _pool(place, address, port).urlopen("GET", place.request_uri, **options)
        except (NewConnectionError, ConnectTimeoutError):
            continue
    return _pool(place, last, port).urlopen("GET", place.request_uri, **options)


def _pool(place: Url, address: str, port: int) -> HTTPConnectionPool:
    if place.scheme == "http":
        return HTTPConnectionPool(address, port, timeout=_PATIENCE)
    return HTTPSConnectionPool(
        address, port, timeout=_PATIENCE, server_hostname=_host(place), ssl_context=trusted_certificates()
    )


def _proxy(place: Url) -> ProxyManager | None:
    """The proxy that the environment names, if any."""
    if proxy_bypass(_host(place)):
        return None
    named = getproxies()
    url = named.get(place.scheme or "") or named.get("all")
    if not url:
        return None
    auth = parse_url(url).auth
    return ProxyManager(
        url if "://" in url else f"http://{url}",
        proxy_headers=make_headers(proxy_basic_auth=unquote(auth)) if auth else None,
        timeout=_PATIENCE,
        ssl_context=trusted_certificates(),
    )


def _check_what_is_known(host: str, port: int, allowed: AllowedHosts) -> None:
    """Refuse a host behind a proxy if this machine can resolve it to a refused address; else the proxy decides."""
    try:
        allowed.addresses(host, port)
    except socket.gaierror:
        return


def _host(place: Url) -> str:
    return (place.host or "").strip("[]")


def _joined(url: str, location: str) -> str:
    try:
        joined = urljoin(url, location)
        urlsplit(joined)
    except ValueError as error:
        raise UnusableVideoError(f"{without_secrets(url)} redirects to something that is not a URL") from error
    return joined


@cache
def trusted_certificates() -> ssl.SSLContext:
    """The trusted certificate authorities."""
    context = ssl.create_default_context()  # the system's, which may include an organisation's own
    context.load_verify_locations(certifi.where())  # on macOS Python may find none
    return context
