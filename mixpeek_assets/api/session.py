"""What our requests travel on: signed, never redirected, and told apart when they never left."""

import requests
from pydantic import SecretStr
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError


class Session(requests.Session):
    """Follows no redirect: a POST would become a GET, and the key would travel to another host."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Find none, and leave the body to be read as any other; `allow_redirects=False` reads it, however large."""


class Bearer(AuthBase):
    """Sets the Authorization header itself, because requests would prefer a .netrc entry to a plain header."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request."""
        request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        return request


_REFUSED_BY_TLS = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "HANDSHAKE_FAILURE")


def never_connected(error: OSError | HTTPError) -> bool:
    """Say whether the request certainly never left: a submission may then be sent again."""
    if type(error) is OSError:
        return True
    if isinstance(error, requests.exceptions.SSLError):
        # TLS can also break while the answer is read.
        return any(sign in str(error) for sign in _REFUSED_BY_TLS)
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
