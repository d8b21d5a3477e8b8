"""What a state directory tells about its server: the key, the endpoint, the locks."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import orjson
import requests

_ANSWER_SECONDS = 2


@dataclass(frozen=True)
class Health:
    """A running server: its URL and what `GET /health` says of it."""

    url: str
    pid: int
    allowed_folders: tuple[Path, ...]
    allowed_hosts: tuple[str, ...]


def prepare(state_dir: Path) -> None:
    """Create the directory, for this user only."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)


def lock_file(state_dir: Path) -> Path:
    """Held by the one server of the directory."""
    return state_dir / "lock"


def users_file(state_dir: Path) -> Path:
    """Held, shared, by everyone who uses the server through `running`."""
    return state_dir / "users"


def log_file(state_dir: Path) -> Path:
    """What a server that `running` started has to say."""
    return state_dir / "server.log"


def api_key(state_dir: Path) -> str:
    """Read the key of the directory's servers, after creating it if there is none."""
    path = state_dir / "key"
    if not path.exists():
        prepare(state_dir)
        with NamedTemporaryFile("w", dir=state_dir, prefix=".key-", encoding="ascii") as file:  # mode 0600
            file.write(f"{secrets.token_urlsafe(32)}\n")
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)  # whole or not at all, and the first one wins
    return path.read_text(encoding="ascii").strip()


def write_endpoint(state_dir: Path, url: str) -> None:
    """Tell callers where the server is."""
    with NamedTemporaryFile(dir=state_dir, prefix=".endpoint-", delete=False) as file:
        file.write(orjson.dumps({"url": url, "pid": os.getpid()}))
    Path(file.name).replace(_endpoint_file(state_dir))


def remove_endpoint(state_dir: Path) -> None:
    """Tell callers that there is no server any more."""
    _endpoint_file(state_dir).unlink(missing_ok=True)


def endpoint(state_dir: Path) -> str | None:
    """The URL of the directory's server, or None when none answers."""
    found = health(state_dir)
    return found.url if found else None


def health(state_dir: Path) -> Health | None:
    """What the directory's server says of itself, or None when it does not answer within two seconds."""
    try:
        written = orjson.loads(_endpoint_file(state_dir).read_bytes())
    except FileNotFoundError:
        return None
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between this machine and itself
        try:
            reply = session.get(f"{written['url']}/health", timeout=_ANSWER_SECONDS)
            said = reply.json()
        except (requests.RequestException, ValueError):
            return None
    # After a kill -9 the file may name a port that by now is someone else's.
    if not isinstance(said, dict) or said.get("pid") != written["pid"]:
        return None
    folders = tuple(Path(folder) for folder in said["allowed_folders"])
    return Health(written["url"], said["pid"], folders, tuple(said.get("allowed_hosts", ())))


def _endpoint_file(state_dir: Path) -> Path:
    return state_dir / "endpoint.json"
