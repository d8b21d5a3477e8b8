"""How callers run the local API: they share a state directory's server, or start one for as long as it is needed.

Every user holds a shared lock on the directory's `users` file. A started server waits for the exclusive lock, and ends
when it gets it: nobody has to stop it, and a killed user leaves none behind. It needs only requests and orjson.
"""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from mixpeek_local import locks, state
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.errors import NotAllowedError, NotStartedError
from mixpeek_local.senses import Senses, chosen
from mixpeek_local.state import Health

_START_SECONDS = 20
_STOP_SECONDS = 5

# Servers that others still use when their starter ends: they end by themselves once unused.
_left_to_others: list[subprocess.Popen[bytes]] = []


@contextmanager
def running(config: LocalApiConfig) -> Iterator[str]:
    """Yield the URL of a running server: the state directory's, or one that is started for this context.

    Contexts in several processes may share a server: it ends with the last of them, even when they are killed.

    Raises:
        NotStartedError: No server came up within 20 seconds.
        NotAllowedError: The running server may not read one of `config.allowed_folders`, or fetch from a host, or has
            other senses than those that were chosen.
        UnknownSensesError: There are no such senses as the environment asks for.
    """
    wanted = chosen()
    state.prepare(config.state_dir)
    with locks.opened(state.users_file(config.state_dir)) as users:
        locks.lock(users, shared=True)
        started: subprocess.Popen[bytes] | None = None
        try:
            found = state.health(config.state_dir)
            if found is None:
                started = _start(config)
                found = _wait_until_healthy(started, config)
                if found.pid != started.pid:  # another context started one a moment earlier
                    _stop(started)
            _require(found, config, wanted)
            yield found.url
        finally:
            if started is not None:
                _leave(started, users)


def _start(config: LocalApiConfig) -> subprocess.Popen[bytes]:
    with state.log_file(config.state_dir).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mixpeek_local.serve"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # A search multiplies a matrix by a vector: more threads wait for each other longer than they compute.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C is for the caller, who may need the server to clean up
        )
    with cast(IO[bytes], process.stdin) as stdin:
        pickle.dump(config, stdin)
    return process


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
    last = log.read_text(encoding="utf-8", errors="replace").rstrip().rpartition("\n")[2]
    raise NotStartedError(f"the local API did not start, and {log} ends with: {last}")


def _leave(process: subprocess.Popen[bytes], users: int) -> None:
    """Stop the server now, unless others use it."""
    # Not even a shared lock: the server has the exclusive one, and is ending already.
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


def _require(found: Health, config: LocalApiConfig, senses: Senses | None) -> None:
    readable = (*found.allowed_folders, config.uploads.resolve())
    denied = [
        (f"read {folder}", f"--allow-folder {folder}")
        for folder in config.allowed_folders
        if not any(folder.resolve().is_relative_to(allowed) for allowed in readable)
    ]
    denied += [
        (f"fetch from {host}", f"--allow-host {host}")
        for host in config.allowed_hosts
        if host not in found.allowed_hosts
    ]
    if senses not in (None, found.senses):
        denied.append((f"hear {senses} speech", f"MIXPEEK_SENSES={senses}"))
    for action, option in denied:
        raise NotAllowedError(
            f"the local API that serves {config.state_dir} at {found.url} may not {action}: "
            f"stop it (process {found.pid}) and start it again with {option}"
        )
