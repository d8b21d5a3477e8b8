"""`mixpeek-assets dev`: `dagster dev` with the local API beside it."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import click
import requests
import yaml

from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.project import dagster_instance
from mixpeek_assets.connections import local_api
from mixpeek_assets.local_api import api_key
from mixpeek_assets.settings import Settings

_PORT = 3000
_WARNING = "Function `dev_command` is superseded"
"""Dagster's advice to use `dg dev`, whose package is not needed for anything else here."""


def dev(settings: Settings, options: tuple[str, ...]) -> int:
    """Run `dagster dev` until it ends, or Ctrl-C or a termination ends both; returns its exit code."""
    workspace = Path("workspace.yaml").absolute()
    if not workspace.is_file():
        raise CommandError(f"{workspace.parent} has no workspace.yaml: change to the project's folder")
    try:
        yaml.safe_load(workspace.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CommandError(f"{workspace} is not YAML ({error}): mend it") from None
    if find_spec("dagster_webserver") is None:
        raise CommandError("Dagster's UI is not installed: `pip install 'mixpeek-assets[ui]'` installs it")
    host, port, others = _address(options)
    with dagster_instance():
        pass  # fail early, in one line, if DAGSTER_HOME is unusable
    with local_api(settings) as url:
        command = [sys.executable, "-W", f"ignore:{_WARNING}", "-m", "dagster", "dev", "-w", "workspace.yaml"]
        command += [f"--host={host}", f"--port={port}", *others]
        # A shell starts background jobs with SIGINT ignored, but only SIGINT ends Dagster.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        environment = {**os.environ, **settings.pinned()}
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - Dagster, with the user's own options
        # Ctrl-C reaches Dagster too, which is in our process group and needs some seconds to end its children.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
        ui = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104 - compared
        if _answers(ui, process):
            click.secho(f"Dagster's UI:         {ui}", bold=True)
            if url:
                click.secho(f"The local API's page: {url}/#key={api_key(settings.local_api_folder)}", bold=True)
            click.echo("Ctrl-C ends both." if url else "Ctrl-C ends it.")
        return process.wait()


def _address(options: tuple[str, ...]) -> tuple[str, int, list[str]]:
    """Return the host and port of the UI, and the options that are neither.

    Raises:
        CommandError: the port that was asked for is none, or is in use.
    """
    parser = argparse.ArgumentParser(prog="mixpeek-assets dev", add_help=False, allow_abbrev=False)
    parser.add_argument("--host", "--dagit-host", default="127.0.0.1")
    parser.add_argument("--port", "--dagit-port", "-p", default=os.environ.get("DAGSTER_WEBSERVER_PORT") or "0")
    known, others = parser.parse_known_args(options)
    if not known.port.isdecimal() or int(known.port) > 65_535:
        raise CommandError(f"{known.port!r} is no port: give a number from 1 to 65535 with --port")
    if port := int(known.port):
        if not _is_free(known.host, port):
            raise CommandError(f"port {port} of {known.host} is in use: give another with --port")
        return known.host, port, others
    if _is_free(known.host, _PORT):
        return known.host, _PORT, others
    with socket.create_server((known.host, 0)) as free:
        return known.host, free.getsockname()[1], others


def _is_free(host: str, port: int) -> bool:
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the UI answers, or until its process has ended; return whether it answers."""
    with requests.Session() as session:
        session.trust_env = False  # no proxy for this machine
        while process.poll() is None:
            try:
                if session.get(f"{url}/server_info", timeout=5).ok:
                    return True
            except requests.RequestException:
                pass
            time.sleep(0.2)
    return False
