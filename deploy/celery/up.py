"""A cluster on one machine, for a try: PostgreSQL, Redis, S3, Dagster's UI and daemon, and workers, all from packages.

`make cluster` starts it. All that it keeps is in a temporary folder and goes with it. In earnest each part has a
machine of its own (README.md); here each of Dagster's has a folder of its own, and they share but those services.
"""

import argparse
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import click
import requests
from pydantic import SecretStr

from deploy import services
from mixpeek_assets.connections import local_api
from mixpeek_assets.errors import UserError
from mixpeek_assets.settings import Settings, load_settings

HERE = Path(__file__).parent
END_SECONDS = 30


class Part:
    """A process of the cluster, in a session of its own, so that a Ctrl-C does not reach it first."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name(command[0]), *command[1:]],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def has_ended(self) -> bool:
        """Say whether it has ended, for whatever reason."""
        return self._process.poll() is not None

    def ask_to_end(self) -> None:
        """Let it finish what it does."""
        if not self.has_ended():
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Wait until it has ended, but not for ever, and end what it may have left."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def main() -> None:
    """Start the cluster, and end it at Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m deploy.celery.up", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs-per-worker", type=int, default=2, help="how many runs a worker executes at once")
    parser.add_argument("--port", type=int, default=3000, help="of the UI")
    asked = parser.parse_args()
    # The first is ignored by a background job of a shell, and by all that it starts.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mixpeek-cluster-")))
            settings, environment = _services(stack, folder, places=asked.workers * asked.runs_per_worker)
            parts = _dagster(stack, folder, settings, environment, asked)
            _say(folder, settings, environment, asked.port, parts)
            _watch(parts)
    except KeyboardInterrupt:
        click.echo("Ended; nothing is left.")
    except (UserError, services.NotInstalledError) as error:
        sys.exit(f"Error: {error}")


def _services(stack: ExitStack, folder: Path, places: int) -> tuple[Settings, dict[str, str]]:
    """Start what the machines share; return the project's settings, and Dagster's own variables."""
    click.echo("Starting PostgreSQL, Redis and S3 ...")
    postgres = stack.enter_context(services.postgres())
    redis = stack.enter_context(services.redis())
    s3 = stack.enter_context(services.s3())
    postgres.make_database("dagster")
    s3.make_bucket("lake")
    s3.make_bucket("logs")
    settings = load_settings(
        cluster=SecretStr(postgres.make_database("mixpeek")), lake="s3://lake/mixpeek", data_dir=folder / "data"
    )
    stack.enter_context(local_api(settings))
    return settings, {
        "DAGSTER_PG_HOST": services.HOST,
        "DAGSTER_PG_PORT": str(postgres.port),
        "DAGSTER_PG_DATABASE": "dagster",
        "DAGSTER_PG_USERNAME": postgres.user,
        "DAGSTER_PG_PASSWORD": postgres.password,
        "DAGSTER_CELERY_BROKER": redis.url(0),
        "DAGSTER_CELERY_BACKEND": redis.url(1),
        "DAGSTER_LOGS_BUCKET": "logs",
        "DAGSTER_MAX_RUNS": str(places),
        "DAGSTER_CODE_HOST": services.HOST,
        "DAGSTER_CODE_PORT": str(*services.free_ports(1)),
        **s3.environment,
    }


def _dagster(
    stack: ExitStack, folder: Path, settings: Settings, environment: Mapping[str, str], asked: argparse.Namespace
) -> list[Part]:
    """Start Dagster, each part as if on a machine of its own."""
    host, port = environment["DAGSTER_CODE_HOST"], environment["DAGSTER_CODE_PORT"]
    workspace = str(HERE / "workspace.yaml")
    commands = {
        "code-server": ["dagster", "code-server", "start", "-m", "mixpeek_assets.definitions", "-h", host, "-p", port],
        "webserver": ["dagster-webserver", "-w", workspace, "-h", services.HOST, "-p", str(asked.port)],
        "daemon": ["dagster-daemon", "run", "-w", workspace],
        **{
            f"worker-{number + 1}": ["mixpeek-assets", "worker", f"--concurrency={asked.runs_per_worker}"]
            for number in range(asked.workers)
        },
    }
    parts = list[Part]()
    stack.callback(_end, parts)
    for name, command in commands.items():
        click.echo(f"Starting {name} ...")
        machine = _machine(folder / name, settings)
        parts.append(Part(name, command, {**environment, **machine}, folder / f"{name}.log"))
        while name == "code-server" and not _is_open(int(port)):
            _raise_if_ended(parts)
            time.sleep(0.2)
    return parts


def _end(parts: list[Part]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # A second Ctrl-C would leave the rest running.
        signal.signal(number, signal.SIG_IGN)
    click.echo("Ending all parts ...")
    for part in parts:
        part.ask_to_end()
    for part in parts:
        part.end()


def _machine(folder: Path, settings: Settings) -> dict[str, str]:
    """Make the folders of a machine, and return the variables that name them."""
    for name in ("dagster_home", "data", "tmp"):
        (folder / name).mkdir(parents=True)
    shutil.copy(HERE / "dagster.yaml", folder / "dagster_home")
    if settings.uses_local_api:  # one for all machines, which no real cluster has
        (folder / "data" / "local_api").symlink_to(settings.local_api_folder)
    of_machine = settings.model_copy(update={"data_dir": folder / "data"})
    return {**of_machine.pinned(), "DAGSTER_HOME": str(folder / "dagster_home"), "TMPDIR": str(folder / "tmp")}


def _say(folder: Path, settings: Settings, environment: Mapping[str, str], port: int, parts: list[Part]) -> None:
    """Say where everything is, once the UI answers."""
    ui = f"http://{services.HOST}:{port}"
    while not _answers(ui):
        _raise_if_ended(parts)
        time.sleep(0.2)
    variables = folder / "cluster.env"
    variables.touch(0o600)  # it has passwords
    values = {**environment, **_machine(folder / "you", settings)}
    variables.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))
    click.secho(f"Dagster's UI:  {ui}", bold=True)
    click.echo(f"Logs:          {folder}/*.log")
    click.echo(f"What lands:    . {variables}; mixpeek-assets status")
    click.echo("Ctrl-C ends everything, and removes it.")


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((services.HOST, port)) == 0


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/server_info", timeout=5).ok
    except requests.RequestException:
        return False


def _watch(parts: list[Part]) -> None:
    while True:
        _raise_if_ended(parts)
        time.sleep(1)


def _raise_if_ended(parts: list[Part]) -> None:
    for part in parts:
        if part.has_ended():
            raise UserError(f"{part.name} has ended:\n{part.log.read_text('utf-8', 'replace')[-2_000:]}")


if __name__ == "__main__":
    main()
