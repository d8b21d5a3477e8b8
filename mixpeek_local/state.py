"""The files of a state directory: the key, the endpoint and the locks of its server."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import orjson
import requests

from mixpeek_local.errors import UnreadableStateError

_ANSWER_SECONDS = 2


@dataclass(frozen=True)
class Health:
    """A running server: its URL and what `GET /health` reports."""

    url: str
    pid: int
    allowed_folders: tuple[Path, ...]
    allowed_hosts: tuple[str, ...]
    senses: str


def prepare(state_dir: Path) -> None:
    """Create the directory, for this user only."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)


def lock_file(state_dir: Path) -> Path:
    """Locked by the one server of the directory."""
    return state_dir / "lock"


def users_file(state_dir: Path) -> Path:
    """Locked, shared, by each user of the server (see `process`)."""
    return state_dir / "users"


def log_file(state_dir: Path) -> Path:
    """The log of a server that `running` started."""
    return state_dir / "server.log"


def api_key(state_dir: Path) -> str:
    """Read the key of the directory's servers; create it if there is none."""
    path = state_dir / "key"
    if not path.exists():
        prepare(state_dir)
        with NamedTemporaryFile("w", dir=state_dir, prefix=".key-", encoding="ascii") as file:  # mode 0600
            file.write(f"{secrets.token_urlsafe(32)}\n")
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)  # all or nothing, and the first process wins
    try:
        return path.read_text(encoding="ascii").strip()
    except ValueError as error:
        raise UnreadableStateError(path, error) from None


def write_endpoint(state_dir: Path, url: str) -> None:
    """Publish the address of the server."""
    with NamedTemporaryFile(dir=state_dir, prefix=".endpoint-", delete=False) as file:
        file.write(orjson.dumps({"url": url, "pid": os.getpid()}))
    Path(file.name).replace(_endpoint_file(state_dir))


def remove_endpoint(state_dir: Path) -> None:
    """Remove the address, because the server ends."""
    _endpoint_file(state_dir).unlink(missing_ok=True)


def endpoint(state_dir: Path) -> str | None:
    """The URL of the directory's server, or None if none answers."""
    found = health(state_dir)
    return found.url if found else None


def health(state_dir: Path) -> Health | None:
    """The report of the directory's server, or None if none answers within two seconds."""
    try:
        written = orjson.loads(_endpoint_file(state_dir).read_bytes())
        address, pid = f"{written['url']}/health", written["pid"]
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableStateError(_endpoint_file(state_dir), error) from None
    with requests.Session() as session:
        session.trust_env = False  # no proxy for this machine
        try:
            reply = session.get(address, timeout=_ANSWER_SECONDS)
            said = reply.json()
        except (requests.RequestException, ValueError):
            return None
    # After a kill -9 the file may name a port that another program has taken since.
    if not isinstance(said, dict) or said.get("pid") != pid:
        return None
    folders = tuple(Path(folder) for folder in said["allowed_folders"])
    hosts, senses = tuple(said.get("allowed_hosts", ())), said.get("senses", "english")
    return Health(written["url"], said["pid"], folders, hosts, senses)


def _endpoint_file(state_dir: Path) -> Path:
    return state_dir / "endpoint.json"
