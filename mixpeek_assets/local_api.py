"""The door to the local API: the only module of this package that imports `mixpeek_local`, and only when called.

Importing this module needs no package of the extra `local`; with an API key, everything works without them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mixpeek_assets.errors import UserError

if TYPE_CHECKING:
    from mixpeek_local.config import LocalApiConfig

_SERVER_PACKAGES = ("av", "certifi", "fastapi", "filelock", "numpy", "starlette", "uvicorn")


class LocalApiError(UserError):
    """The local API cannot be used, or did not start."""


class LocalApiNotInstalledError(LocalApiError):
    """No API key is set, and the packages of the local API are missing."""


def require_installed() -> None:
    """Check that the server's packages are installed, without importing them.

    Raises:
        LocalApiNotInstalledError: some are missing.
    """
    missing = [package for package in _SERVER_PACKAGES if find_spec(package) is None]
    if missing:
        raise LocalApiNotInstalledError(
            f"the local API needs {', '.join(missing)}: install it with `pip install 'mixpeek-assets[local]'`,"
            " or set MIXPEEK_API_KEY to use Mixpeek's own API"
        )


def sample_manifest() -> Path:
    """Return the manifest of the sample videos."""
    from mixpeek_local.samples import MANIFEST

    return MANIFEST


def endpoint(state_dir: Path) -> str | None:
    """Return the URL of the server that serves a state directory, or None if none answers.

    Raises:
        LocalApiNotInstalledError: none answers, and the server's packages are missing.
    """
    from mixpeek_local import state

    with _explained():
        url = state.endpoint(state_dir)
    if url is None:
        require_installed()
    return url


def api_key(state_dir: Path) -> str:
    """Return the API key of a state directory's server."""
    from mixpeek_local import state

    with _explained():
        return state.api_key(state_dir)


@contextmanager
def running(
    state_dir: Path, *, folders: Sequence[Path] = (), hosts: Sequence[str] = (), landing: str = ""
) -> Iterator[str]:
    """Yield the URL of a server that runs during this context, perhaps shared with other processes.

    Args:
        state_dir: Holds the server's key, database and address.
        folders: Local videos must be readable below these.
        hosts: Videos must be fetchable from these, although they are not public.
        landing: The command that lands a video, for the page of a server that is started now.

    Raises:
        LocalApiNotInstalledError: the packages of the server are missing.
        LocalApiError: the server does not start, or the running one lacks a folder or a host.
    """
    require_installed()
    from mixpeek_local.config import LocalApiConfig
    from mixpeek_local.process import running as running_

    with ExitStack() as stack:
        with _explained():
            config = LocalApiConfig(
                state_dir, allowed_folders=tuple(folders), allowed_hosts=tuple(hosts), landing=landing
            )
            url = stack.enter_context(running_(config))
        yield url


def read_options(options: Sequence[str]) -> "LocalApiConfig":
    """Read the options of `python -m mixpeek_local`; exits with a usage message if they cannot be used.

    Raises:
        LocalApiNotInstalledError: the packages of the server are missing.
    """
    require_installed()
    from mixpeek_local.__main__ import read

    return read(options)


def serve(config: "LocalApiConfig") -> None:
    """Serve until Ctrl-C or a signal.

    Raises:
        LocalApiError: another server serves the state directory.
    """
    from mixpeek_local.serve import serve as serve_

    with _explained():
        serve_(config)


def missing_models() -> Mapping[str, str | None]:
    """Return each capability of the models, with None or with what is missing and how to get it.

    Raises:
        LocalApiNotInstalledError: the packages of the server are missing.
        LocalApiError: MIXPEEK_SENSES names nothing that there is.
    """
    require_installed()
    from mixpeek_local.models.capabilities import capabilities

    with _explained():
        return {**capabilities()}


@contextmanager
def _explained() -> Iterator[None]:
    from mixpeek_local.errors import LocalApiError as Problem

    try:
        yield
    except (Problem, ValueError) as problem:
        raise LocalApiError(str(problem)) from problem
