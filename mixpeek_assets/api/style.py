"""Which style of the API a server speaks, and its limits: asked once, and remembered for each address and key."""

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from pydantic import AwareDatetime, SecretStr, TypeAdapter, ValidationError

from mixpeek_assets import clock
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.documents.client import DocumentsClient
from mixpeek_assets.api.errors import (
    AuthenticationError,
    NotFoundError,
    SetupError,
    UnreadableReplyError,
    WrongEndpointError,
)
from mixpeek_assets.api.port import Style
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.strict_json import is_object

_FRESH = timedelta(hours=24)
"""How long limits are remembered: an account may change its plan."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Server:
    """What a server answered.

    Attributes:
        style: Which style it speaks.
        asked_at: When.
        per_minute: Requests a minute by category, of the style `documents`.
    """

    style: Style
    asked_at: AwareDatetime
    per_minute: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def is_fresh(self) -> bool:
        """Whether its limits can be relied on."""
        return clock.now() - self.asked_at < _FRESH


_OTHER_STYLE = (NotFoundError, UnreadableReplyError, WrongEndpointError)
"""How a server answers `GET /v1/me` that does not know it."""

_REMEMBERED = TypeAdapter(Server)


def ask(url: str, key: SecretStr, prefix: str, policy: RetryPolicy) -> Server:
    """Ask a server which style it speaks: `GET /v1/me`, then the guide's probe.

    Raises:
        MixpeekError: it answers neither, or does not accept the key.
    """
    now = clock.now()
    with DocumentsClient(url, key, concurrency=1, policy=policy) as today:
        try:
            account = today.me()
        except _OTHER_STYLE:
            pass
        except AuthenticationError as error:
            message = f"{error.message}. It was asked in the style `documents`: MIXPEEK_API_STYLE can name the other"
            raise replace(error, message=message) from None
        else:
            return Server("documents", now, account.per_minute)
    with AssetsClient(url, key, prefix=prefix, concurrency=1, policy=policy) as era:
        era.probe()
    return Server("assets", now)


def ask_limits(url: str, key: SecretStr, policy: RetryPolicy) -> Server:
    """Ask a server of the style `documents` for its limits.

    Raises:
        SetupError: it does not speak this style.
        MixpeekError: it does not answer, or does not accept the key.
    """
    with DocumentsClient(url, key, concurrency=1, policy=policy) as today:
        try:
            return Server("documents", clock.now(), today.me().per_minute)
        except _OTHER_STYLE as error:
            raise SetupError(
                error.endpoint,
                f"{url} does not speak the style `documents`: set MIXPEEK_API_STYLE to assets, or unset it",
                status=error.status,
            ) from None


class Memory:
    """What servers answered, in a file of the data directory; only hashes of addresses and keys are in it.

    Args:
        file: Where it is.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def recall(self, account: str) -> Server | None:
        """Return what is remembered of an account."""
        found = self._read().get(_hash(account))
        try:
            return _REMEMBERED.validate_python(found)
        except ValidationError:  # it was changed by hand, or is of another version
            return None

    def keep(self, account: str, server: Server) -> None:
        """Remember an answer. Where that fails, the next process asks again."""
        content = {**self._read(), _hash(account): _REMEMBERED.dump_python(server, mode="json")}
        written = self._file.with_suffix(f".{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(json.dumps(content, indent=1), encoding="utf-8")
            written.replace(self._file)
        except OSError as error:
            _log.warning("%s cannot be written, so the API is asked again next time: %s", self._file, error.strerror)

    def _read(self) -> dict[str, object]:
        try:
            content = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return content if is_object(content) else {}


def _hash(account: str) -> str:
    return hashlib.sha256(account.encode()).hexdigest()[:16]
