"""A wrong input as a row of a table: what is there, which command is given, and what must be said.

To add one, add a `Case` to the table of its kind. What holds for every one of them is in `test_bad_input.py`.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.mixpeek import KEY

Content = str | bytes | None | Callable[[Path], object]
"""A file's content; None makes a folder; a function makes whatever it likes at the path that it is given."""

ROW = "url\nhttp://videos.test/a.mp4\n"

ENVIRONMENT = {
    "MIXPEEK_API_KEY": KEY,
    "MIXPEEK_API_URL": "http://127.0.0.1:9",
    "MIXPEEK_VIDEOS": "list.csv",
    "MIXPEEK_WAREHOUSE_TIMEOUT": "2",
}
"""What is right: a key, and a server that nothing reaches, because every case ends before a request."""


@dataclass(frozen=True)
class Case:
    """A wrong input.

    Attributes:
        name: What is wrong, in a few words.
        command: What is given to `mixpeek-assets`.
        says: Words of the sentence; none where the input may also be taken.
        files: What is put into the project's folder, by path; a path replaces what is there.
        variables: Environment variables, without `MIXPEEK_`; None unsets one.
        code: The exit code; None: 0 or 1.
        writes: Whether something may be written into the warehouse that is there.
    """

    name: str
    command: tuple[str, ...]
    says: tuple[str, ...] = ()
    files: Mapping[str, Content] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    code: int | None = 1
    writes: bool = False

    def put(self, folder: Path) -> None:
        """Put the files into a project."""
        for name, content in {"list.csv": ROW, **self.files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            if content is None:
                path.mkdir()
            elif isinstance(content, str):
                path.write_text(content, encoding="utf-8")
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                content(path)

    def environment(self) -> dict[str, str]:
        """Return the variables of the command."""
        named = {
            name if name.isupper() and name in PLAIN else f"MIXPEEK_{name}": value
            for name, value in self.variables.items()
        }
        return {name: value for name, value in {**ENVIRONMENT, **named}.items() if value is not None}


PLAIN = ("DAGSTER_HOME", "HOME", "TMPDIR")
"""Variables that are not ours."""


def link_to(target: str) -> Callable[[Path], object]:
    """Make a symbolic link."""
    return lambda path: path.symlink_to(target)


UNREADABLE = link_to("/proc/self/mem")
"""A file that not even root can read from its beginning."""

LOOP: Callable[[Path], object] = lambda path: path.symlink_to(path)  # noqa: E731

FIFO: Callable[[Path], object] = os.mkfifo
"""A pipe that nobody writes to: who opens it waits for ever."""
