"""The server process: one for each state directory."""

import logging
import pickle
import shutil
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.types import ASGIApp

from mixpeek_local import locks, state
from mixpeek_local.config import LocalApiConfig
from mixpeek_local.errors import AlreadyServingError, LocalApiError, UnreadableStateError
from mixpeek_local.extract import version
from mixpeek_local.faults.middleware import with_faults
from mixpeek_local.faults.rules import read_rules
from mixpeek_local.http.server import create_app
from mixpeek_local.senses import senses
from mixpeek_local.store.spaces import elsewhere
from mixpeek_local.store.store import Store
from mixpeek_local.work.workers import Workers

_log = logging.getLogger(__name__)


def serve(config: LocalApiConfig, *, while_used: bool = False) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP.

    Args:
        config: What to serve, and where.
        while_used: Serve the `running` contexts of this directory: wait for an earlier server to end instead of
            giving up, and end as soon as no context is left, however it ended.

    Raises:
        AlreadyServingError: Another server serves the state directory, and `while_used` is off.
        UnusableClipError: The user's own CLIP cannot be used.
        UnknownSensesError: There are no such senses as the environment asks for.
    """
    senses()  # or every video would fail
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    made_with = version()
    state.prepare(config.state_dir)
    with ExitStack() as stack:
        _become_the_server(config, stack, wait=while_used)
        shutil.rmtree(config.downloads, ignore_errors=True)
        config.downloads.mkdir()
        try:
            store = Store(config.database)
        except sqlite3.DatabaseError as error:
            raise UnreadableStateError(config.database, error) from None
        stack.callback(store.close)
        _log.info("features are made with %s", made_with)
        if left_out := elsewhere(store.database.connection()):
            _log.warning("%s", left_out)
        store.tasks.recover()
        server = uvicorn.Server(
            uvicorn.Config(
                application(store, state.api_key(config.state_dir), config),
                log_level="warning",
                access_log=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        stack.enter_context(_stopping_on_signals(server))
        listener = stack.enter_context(_listener(config))
        if while_used:
            _end_when_unused(config, server, stack)
        stack.enter_context(Workers(config, store))
        url = f"http://{config.host}:{listener.getsockname()[1]}"
        state.write_endpoint(config.state_dir, url)
        stack.callback(state.remove_endpoint, config.state_dir)
        _log.info("serving %s at %s", config.state_dir, url)
        server.run(sockets=[listener])


def application(store: Store, api_key: str, config: LocalApiConfig) -> ASGIApp:
    """Make the application that serves `store` to holders of `api_key`, behind faults if there are rules for them."""
    app = create_app(store, api_key, config)
    return with_faults(app, store, read_rules(config.faults)) if config.faults else app


def _become_the_server(config: LocalApiConfig, stack: ExitStack, *, wait: bool) -> None:
    descriptor = stack.enter_context(locks.opened(state.lock_file(config.state_dir)))
    if locks.try_lock(descriptor):
        return
    if not wait:
        where = state.endpoint(config.state_dir)
        raise AlreadyServingError(
            f"another local API serves {config.state_dir}" + (f" at {where}" if where else " and is starting or ending")
        )
    _log.info("waiting for the server of %s to end", config.state_dir)
    locks.lock(descriptor)


def _end_when_unused(config: LocalApiConfig, server: uvicorn.Server, stack: ExitStack) -> None:
    # The lock is kept until this process ends: a new user waits for that, then starts a new server.
    users = stack.enter_context(locks.opened(state.users_file(config.state_dir)))

    def wait() -> None:
        locks.lock(users)
        server.should_exit = True

    threading.Thread(target=wait, name="users", daemon=True).start()


@contextmanager
def _listener(config: LocalApiConfig) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen()
        yield listener


@contextmanager
def _stopping_on_signals(server: uvicorn.Server) -> Iterator[None]:
    """Handle the signals before, between and after uvicorn does, which raises them again once it has stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    try:
        serve(pickle.load(sys.stdin.buffer), while_used=True)  # noqa: S301 - from `running`, over a pipe
    except LocalApiError as error:
        sys.exit(str(error))
