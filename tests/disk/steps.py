"""The pipeline's steps, one after another in a process of its own, as a test asks for them.

A line of JSON in: the step and its arguments. A line of JSON out: the sentence with which it failed, as the command
line would print it, or a traceback, which it would not; and what the step returned.
"""

import json
import select
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb
from click.testing import CliRunner

from mixpeek_assets.cli.main import cli
from mixpeek_assets.errors import UserError
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse import engine
from tests.disk.disks import Place
from tests.fakes import pipeline
from tests.fakes.mixpeek import ScriptedMixpeek, Video

_SECONDS = 120


@dataclass
class Told:
    """What came of a step."""

    result: Any = None
    sentence: str | None = None
    traceback: str | None = None


class Steps:
    """A process on a disk that takes steps."""

    def __init__(self, disk: Place) -> None:
        command = disk.command(sys.executable, "-m", "tests.disk.steps")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        disk.use(self._process)

    def __enter__(self) -> "Steps":
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self.kill()

    def do(self, step: str, **arguments: Any) -> Any:
        """Take a step that goes well, and return what it returns."""
        told = self._take(step, arguments)
        assert told.sentence is None, told.sentence
        return told.result

    def fail(self, step: str, **arguments: Any) -> str:
        """Take a step that fails in one sentence, and return that."""
        told = self._take(step, arguments)
        assert told.sentence is not None, f"{step} went well: {told.result}"
        assert "\n" not in told.sentence
        return told.sentence

    def sql(self, query: str) -> list[list[Any]]:
        """Ask the DuckDB file, as a user does."""
        return self.do("sql", query=query)

    def cli(self, *arguments: str) -> tuple[int, str]:
        """Give a command to the command line; returns its exit code and all that it said."""
        code, said = self.do("cli", arguments=arguments)
        return code, said

    def begin(self, step: str) -> None:
        """Take a step, and do not wait for its end."""
        self._send(step, {})

    def kill(self) -> None:
        """Let the process die."""
        self._process.kill()

    def wait(self) -> None:
        """Wait for its death."""
        self._process.wait(_SECONDS)

    def _take(self, step: str, arguments: dict[str, Any]) -> Told:
        self._send(step, arguments)
        assert self._process.stdout is not None
        heard, _, _ = select.select([self._process.stdout], [], [], _SECONDS)
        assert heard, f"{step} does not end"
        line = self._process.stdout.readline()
        assert line, f"{step} has killed the process"
        told = Told(**json.loads(line))
        assert told.traceback is None, told.traceback
        return told

    def _send(self, step: str, arguments: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"step": step, **arguments}) + "\n")
        self._process.stdin.flush()


def _videos(count: int) -> None:
    pipeline.add_videos([f"http://videos.test/{number:03}.mp4" for number in range(count)])


def _sql(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(load_settings().warehouse_path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def _checkpoint_at_every_commit() -> None:
    """Do at each commit what DuckDB otherwise does when there is more to it."""
    engine._CONFIG = {**engine._CONFIG, "checkpoint_threshold": "1B"}
    engine._idle.clear()


def _cli(arguments: list[str]) -> tuple[int, str]:
    result = CliRunner().invoke(cli, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


STEPS: dict[str, Callable[..., Any]] = {
    "videos": _videos,
    "submit": lambda: pipeline.submit().accepted,
    "poll": lambda: pipeline.poll().polled,
    "land": lambda: [landed.fetched for landed in pipeline.land()],
    "sql": _sql,
    "cli": _cli,
    "checkpoint at every commit": _checkpoint_at_every_commit,
}


def _told(step: str, arguments: dict[str, Any]) -> Told:
    try:
        return Told(STEPS[step](**arguments))
    except UserError as error:
        return Told(sentence=str(error))
    except Exception:
        return Told(traceback=traceback.format_exc())


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(json.dumps(vars(_told(asked.pop("step"), asked)), default=str) + "\n")
        sys.stdout.flush()


def list_features(mixpeek: ScriptedMixpeek, videos: int, features: int) -> None:
    for number in range(videos):
        listed = [mixpeek.feature("video", str(place), start_time=place) for place in range(features)]
        mixpeek.videos[f"http://videos.test/{number:03}.mp4"] = Video(features={"video": listed})
