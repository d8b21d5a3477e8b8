"""A cluster of machines that share no disk: PostgreSQL, Redis, S3, a machine with Dagster's daemon, and workers."""

import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy.services import HOST, PostgresServer, RedisServer, S3Server
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import load_settings
from tests.cluster.machines import Machine
from tests.fakes.commands import ROOT
from tests.fakes.mixpeek import KEY, ScriptedMixpeek

CELERY = ROOT / "deploy" / "celery"
WAIT = 300
"""Seconds that end a test which hangs; a busy machine needs a few."""

WORKSPACE = "load_from:\n  - python_module: {module_name: tests.cluster.quick, location_name: mixpeek_assets}\n"


@dataclass
class Site:
    """What the machines share, and the machines.

    Attributes:
        environment: The variables of each machine.
        instance: Dagster's, as the UI sees it.
    """

    root: Path
    postgres: PostgresServer
    database: str
    environment: Mapping[str, str]
    instance: dg.DagsterInstance
    machines: dict[str, Machine] = field(default_factory=dict[str, Machine])

    def add(self, name: str, *command: str) -> Machine:
        """Have one more machine, which is off."""
        machine = Machine(name, self.root, [*command], self._of_machine())
        self._set_up(machine)
        self.machines[name] = machine
        return machine

    def add_daemon(self, name: str = "head") -> Machine:
        """Have the machine with sensors, schedules and the queue of runs."""
        return self.add(name, "dagster-daemon", "run", "-w", "workspace.yaml")

    def add_worker(self, name: str, *options: str) -> Machine:
        """Have one more machine that executes runs."""
        return self.add(name, "mixpeek-assets", "worker", *options)

    def replace_disk(self, machine: Machine) -> None:
        """Give a machine an empty disk, as its operator would set it up."""
        machine.new_disk()
        self._set_up(machine)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Query the lake."""
        with open_warehouse(load_settings()).database.connection(read_only=True) as connection:
            return connection.execute(query).fetchall()

    def runs(self, job: str | None = None, **tags: str) -> list[dg.DagsterRun]:
        """The runs, newest first."""
        return list(self.instance.get_runs(dg.RunsFilter(job_name=job, tags=tags)))

    def _of_machine(self) -> dict[str, str]:
        folder = self.root / "machine"
        return {
            **self.environment,
            "DAGSTER_HOME": str(folder / "dagster_home"),
            "MIXPEEK_DATA_DIR": str(folder / "data"),
        }

    def _set_up(self, machine: Machine) -> None:
        machine.put("dagster_home/dagster.yaml", (CELERY / "dagster.yaml").read_text())
        machine.put("workspace.yaml", WORKSPACE)


@contextmanager
def site(
    root: Path,
    postgres: PostgresServer,
    redis: RedisServer,
    s3: S3Server,
    mixpeek: ScriptedMixpeek,
    monkeypatch: pytest.MonkeyPatch,
    **settings: str,
) -> Iterator[Site]:
    """A cluster whose variables are this process' own too, on databases and buckets of its own."""
    name = f"site{uuid.uuid4().hex[:8]}"
    environment = {
        "MIXPEEK_CLUSTER": postgres.make_database(name),
        "MIXPEEK_LAKE": f"{s3.make_bucket(name)}/mixpeek",
        "MIXPEEK_API_KEY": KEY,
        "MIXPEEK_API_URL": mixpeek.url,
        "MIXPEEK_API_STYLE": "assets",
        "MIXPEEK_REQUESTS_PER_MINUTE": "0",
        "MIXPEEK_FIRST_PARTITION": "2026-01-01",
        "DAGSTER_PG_HOST": HOST,
        "DAGSTER_PG_PORT": str(postgres.port),
        "DAGSTER_PG_DATABASE": f"{name}_dagster",
        "DAGSTER_PG_USERNAME": postgres.user,
        "DAGSTER_PG_PASSWORD": postgres.password,
        "DAGSTER_CELERY_BROKER": redis.url(0),
        "DAGSTER_CELERY_BACKEND": redis.url(1),
        "DAGSTER_MAX_RUNS": "4",
        "DAGSTER_LOGS_BUCKET": name,
        **s3.environment,
        **settings,
    }
    postgres.make_database(f"{name}_dagster")
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    home = root / "dagster_home"
    home.mkdir(parents=True)
    shutil.copy(CELERY / "dagster.yaml", home)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("MIXPEEK_DATA_DIR", str(root / "data"))
    with ExitStack() as stack:
        instance = stack.enter_context(dg.DagsterInstance.get())
        made = Site(root, postgres, name, environment, instance)
        stack.callback(lambda: [machine.switch_off() for machine in made.machines.values()])
        yield made


def until(condition: Callable[[], Any], what: str, site: Site) -> Any:
    """Wait until something has happened, and return it; else fail with what the machines have said last."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    said = "".join(f"\n== {machine.name}\n{machine.log.read_text()[-3_000:]}" for machine in site.machines.values())
    runs = [(run.job_name, run.status.value, run.tags) for run in site.runs()]
    return pytest.fail(f"no {what} within {WAIT} s: {runs}{said}")
