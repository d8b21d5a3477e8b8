"""A Dagster instance that cannot be used."""

import sqlite3
from pathlib import Path

from tests.bad_input.case import FIFO, LOOP, UNREADABLE, Case, Content, link_to

RUN = ("run",)
YAML = "dagster_home/dagster.yaml"
LONG = "y" * 2_000_000

CONFIGURED: dict[str, Content] = {
    "no YAML": "a: [\n",
    "a tab": "telemetry:\n\tenabled: false\n",
    "two documents": "telemetry:\n  enabled: false\n---\na: 1\n",
    "a list": "- a\n- b\n",
    "a word": "word\n",
    "a number": "42\n",
    "an unknown word": "telemetries:\n  enabled: false\n",
    "an unknown word below": "telemetry:\n  enable: false\n",
    "a text for a boolean": "telemetry:\n  enabled: perhaps\n",
    "a text for a number": "concurrency:\n  runs:\n    max_concurrent_runs: many\n",
    "a storage of no module": "storage:\n  module: no.such.module\n  class: Storage\n  config: {}\n",
    "a storage of no class": "storage:\n  module: dagster\n  class: NoSuchStorage\n  config: {}\n",
    "a storage that nobody answers": "storage:\n  postgres:\n    postgres_url: postgresql://u:p@127.0.0.1:9/x\n",
    "a launcher of no module": "run_launcher:\n  module: no.such.module\n  class: Launcher\n",
    "a variable that is not set": "storage:\n  sqlite:\n    base_dir:\n      env: NO_SUCH_VARIABLE\n",
    "a storage that may not be written": "storage:\n  sqlite:\n    base_dir: /proc/nothing\n",
    "binary": bytes(range(256)),
    "UTF-16": "telemetry:\n  enabled: false\n".encode("utf-16"),
    "latin-1": "# Ängste\ntelemetry:\n  enabled: false\n".encode("latin-1"),
    "zeros": b"\0" * 100,
    "a Python object": "telemetry: !!python/object/apply:os.system ['touch owned.txt']\n",
    "an unknown tag": "telemetry: !nothing x\n",
    "an unknown alias": "telemetry: *nothing\n",
    "deep": "a: " + "[" * 3_000 + "]" * 3_000,
    "a line of megabytes": f"telemetry: {LONG}\n",
    "a key of megabytes": f"{LONG}: 1\n",
    "a folder": None,
    "a loop": LOOP,
    "unreadable": UNREADABLE,
    "not there": link_to("nothing.yaml"),
    "a pipe": FIFO,
    "control characters": 'telemetry: "\\e[31m"\n',
}

CONFIGURATIONS = [
    Case(f"dagster.yaml: {name}", RUN, ("dagster.yaml",), {YAML: content}) for name, content in CONFIGURED.items()
]


def other_tables(path: Path) -> None:
    """Make a database of something else."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE runs (number INTEGER)")
    database.close()


def cut(path: Path) -> None:
    """Cut a database in half."""
    whole = path.with_name("whole").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


SPOILT: dict[str, Content] = {
    "garbage": b"garbage" * 2_000,
    "a header and garbage": b"SQLite format 3\0" + b"\xff" * 8_192,
    "a text": "runs\n",
    "other tables": other_tables,
    "a folder": None,
    "a loop": LOOP,
    "not there": link_to("/proc/nothing/runs.db"),
    "full": link_to("/dev/full"),
}

DATABASES = [
    Case(f"{database}: {name}", RUN, ("dagster_home",), {f"dagster_home/{database}": content})
    for database in ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
    for name, content in SPOILT.items()
    if (database, name) not in (("history/runs/index.db", "other tables"), ("schedules/schedules.db", "other tables"))
]

EMPTY = [
    Case(f"{database}: empty", ("doctor",), ("0 runs",), {f"dagster_home/{database}": b""})
    for database in ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
]

HOMES = [
    Case("no home", RUN, ("DAGSTER_HOME", "nowhere"), variables={"DAGSTER_HOME": "nowhere"}),
    Case("a home of another user", RUN, ("DAGSTER_HOME",), variables={"DAGSTER_HOME": "~nobody-of-that-name/x"}),
    Case("a file for a home", RUN, ("DAGSTER_HOME",), variables={"DAGSTER_HOME": "list.csv"}),
    Case("a device for a home", RUN, ("DAGSTER_HOME",), variables={"DAGSTER_HOME": "/dev/null"}),
    Case("a home that is no text", RUN, ("DAGSTER_HOME",), variables={"DAGSTER_HOME": "a\udcff"}),
    Case("a long home", RUN, ("DAGSTER_HOME",), variables={"DAGSTER_HOME": "h" * 70_000}),
    Case("a home with a line break", RUN, ("DAGSTER_HOME",), variables={"DAGSTER_HOME": "a\nb\x1b[31m"}),
    Case("doctor: no home", ("doctor",), ("DAGSTER_HOME",), variables={"DAGSTER_HOME": "nowhere"}),
    Case("doctor: no YAML", ("doctor",), ("dagster.yaml",), {YAML: "a: [\n"}),
    Case("doctor: an unknown word", ("doctor",), ("telemetries",), {YAML: "telemetries: 1\n"}),
    Case("doctor: garbage", ("doctor",), ("dagster_home",), {"dagster_home/history/runs.db": b"garbage" * 2_000}),
    Case("dev: no YAML", ("dev",), ("dagster.yaml",), {YAML: "a: [\n"}),
    Case("dev: garbage", ("dev",), ("dagster_home",), {"dagster_home/history/runs.db": b"garbage" * 2_000}),
    Case("dev: no workspace.yaml", ("dev",), ("workspace.yaml",), {"workspace.yaml": None}),
]

IN_THE_WAY = [
    Case(
        "new: the lock is a folder",
        RUN,
        ("storage.lock",),
        {"dagster_home/history": link_to("/nowhere"), "dagster_home/storage.lock": None},
    ),
    Case(
        "new: a file where the new one is made",
        RUN,
        ("dagster_home",),
        {"dagster_home/history": link_to("/nowhere"), "dagster_home/.new": "a file"},
    ),
    Case("new: the history is a file", RUN, ("dagster_home",), {"dagster_home/history": "a file"}),
    Case("the history is empty", ("doctor",), ("0 runs",), {"dagster_home/history": None}),
]

CASES = [*CONFIGURATIONS, *DATABASES, *EMPTY, *HOMES, *IN_THE_WAY]
