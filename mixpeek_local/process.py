"""How callers run the local API: use the server of a state directory, or start one for as long as it is needed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mixpeek_local import locks, state
from mixpeek_local.arguments import arguments
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.serve import AlreadyServingError, serve
from mixpeek_local.state import Health, api_key, endpoint

__all__ = [
    "AlreadyServingError",
    "NotAllowedError",
    "NotStartedError",
    "api_key",
    "endpoint",
    "running",
    "serve",
]

_START_SECONDS = 20
_STOP_SECONDS = 5
_LOG_TAIL_CHARACTERS = 2_000

# Servers that others still use when their starter ends: they end by themselves once unused.
_left_to_others: list[subprocess.Popen[bytes]] = []


class NotStartedError(RuntimeError):
    """No server came up; the message has the end of its log."""


class NotAllowedError(RuntimeError):
    """The server that runs may not read a folder, or fetch from a host, that is needed."""


@contextmanager
def running(config: LocalApiConfig) -> Iterator[str]:
    """Yield the URL of a running server: the state directory's, or one that is started for this context.

    Contexts in several processes may share a server: it ends with the last of them, even when they are killed.

    Raises:
        NotStartedError: It did not come up within 20 seconds.
        NotAllowedError: The server that runs may not read one of `config.allowed_folders`, or fetch from a host.
    """
    state.prepare(config.state_dir)
    with locks.opened(state.users_file(config.state_dir)) as users:
        locks.lock(users, shared=True)
        found = state.health(config.state_dir)
        if found is not None:
            _require(found, config)
            yield found.url
            return
        process = _start(config)
        try:
            found = _wait_until_healthy(process, config)
            if found.pid != process.pid:  # another context started one a moment earlier: theirs is as good
                _stop(process)
            _require(found, config)
            yield found.url
        finally:
            _leave(process, users)


def _start(config: LocalApiConfig) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mixpeek_local", "--wait", "--while-used", *arguments(config)]
    with state.log_file(config.state_dir).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - this package, with typed options
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A search multiplies a matrix by a vector: more threads wait for each other longer than they compute.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C is for the caller, who may need the server to clean up
        )


def _wait_until_healthy(process: subprocess.Popen[bytes], config: LocalApiConfig) -> Health:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        found = state.health(config.state_dir)
        if found is not None:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.05)
    log = state.log_file(config.state_dir)
    tail = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL_CHARACTERS:].strip()
    raise NotStartedError(f"the local API did not start; the end of {log} says:\n{tail}")


def _leave(process: subprocess.Popen[bytes], users: int) -> None:
    # Exclusive: nobody else uses it. Not even shared: it is ending already.
    if process.poll() is None and not locks.try_lock(users) and locks.try_lock(users, shared=True):
        _left_to_others.append(process)
    else:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _require(found: Health, config: LocalApiConfig) -> None:
    stop = f"stop it (process {found.pid}) and start it again"
    for folder in config.allowed_folders:
        if not any(folder.resolve().is_relative_to(allowed) for allowed in found.allowed_folders):
            raise NotAllowedError(
                f"the local API that serves {config.state_dir} at {found.url} may not read {folder}: "
                f"{stop} with --allow-folder {folder}"
            )
    for host in set(config.allowed_hosts) - set(found.allowed_hosts):
        raise NotAllowedError(
            f"the local API that serves {config.state_dir} at {found.url} may not fetch from {host}: "
            f"{stop} with --allow-host {host}"
        )
