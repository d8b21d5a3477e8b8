"""The vendor's SDKs, each in an environment of its own."""

import shutil
import sys
from pathlib import Path

from tests.fakes.environments import python_with


def sdk_python(version: str) -> Path:
    """Give the interpreter that has SDK `version`.

    The requirements were made from `mixpeek==<version>` with `uv pip compile --universal --python-version 3.11
    --generate-hashes --no-header --no-annotate`, for the earlier eras with `pydantic<2.11`: 0.15.0 asks for it; with a
    later one 0.18.5 starts, but sends filters without their conditions.
    """
    requirements = Path(__file__).parent / f"requirements-{version}.txt"
    is_early = "pydantic==2.10" in requirements.read_text(encoding="utf-8")
    return python_with(requirements, _base_python() if is_early else sys.executable)


def _base_python() -> str:
    # pydantic 2.10 has wheels for Python up to 3.13.
    if sys.version_info < (3, 14):
        return sys.executable
    for name in ("python3.13", "python3.12", "python3.11"):
        if found := shutil.which(name):
            return found
    raise RuntimeError("the vendor's SDKs of the time need Python 3.11, 3.12 or 3.13, and none of them is in PATH")
