"""The vendor's SDK in a process of its own, called from here."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.environments import sdk_python

TODAY = "1.3.783"
SCRIPT = Path(__file__).parent / "sdk_calls.py"
SCRIPTS = {TODAY: Path(__file__).parent / "documents_calls.py"}


@dataclass(frozen=True)
class Names:
    """How a version of the SDK calls what both have."""

    ingest: str
    asset_with_features: str
    list_indexes: str
    indexes: str
    index: str


NAMES = {
    "0.15.0": Names(
        ingest="ingest.video_from_url",
        asset_with_features="assets.get_features",
        list_indexes="namespaces.list_indexes",
        indexes="vector_indexes",
        index="vector_index",
    ),
    "0.18.5": Names(
        ingest="ingest_assets.ingest_video_url",
        asset_with_features="assets.get_with_features",
        list_indexes="namespaces.list_models",
        indexes="embedding_models",
        index="embedding_model",
    ),
}


@dataclass(frozen=True)
class Answer:
    """What a call gave.

    Attributes:
        returned: What the SDK returned, as far as its types keep it.
        raised: Or the name of the error that it raised,
        error: and what it read from the reply.
        body: The reply's JSON, as it came.
        status: Its status, where the SDK tells it.
    """

    body: Any
    returned: Any = None
    status: int | None = None
    raised: str | None = None
    error: Any = None


class Sdk:
    """An SDK at one version. Its operations are called by their names, e.g. `sdk("tasks.get", task_id=...)`."""

    def __init__(self, version: str, process: subprocess.Popen[str]) -> None:
        self.version = version
        self._process = process

    @property
    def names(self) -> Names:
        """How this version calls what both of the earlier ones have."""
        return NAMES[self.version]

    def answer(self, operation: str, **arguments: Any) -> Answer:
        """Call an operation that may fail."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"operation": operation, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"SDK {self.version} was ended within {operation}"
        return Answer(**json.loads(line))

    def __call__(self, operation: str, **arguments: Any) -> Any:
        """Give what an operation returned."""
        answer = self.answer(operation, **arguments)
        assert answer.raised is None, answer
        return answer.returned


@contextmanager
def speaking(version: str, url: str, key: str) -> Iterator[Sdk]:
    """The SDK at `version`, speaking to the server at `url`."""
    command = [sdk_python(version), "-I", SCRIPTS.get(version, SCRIPT), url, key]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        try:
            yield Sdk(version, process)
        finally:
            process.kill()
