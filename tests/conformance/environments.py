"""The vendor's SDKs, each in an environment of its own that is made once and kept in the project's `.venv`."""

import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

FOLDER = Path(__file__).parent
ENVIRONMENTS = FOLDER.parents[1] / ".venv" / "sdk"
COMMAND_SECONDS = 300


def sdk_python(version: str) -> Path:
    """Give the interpreter that has SDK `version`.

    The requirements were made from `mixpeek==<version>` with `uv pip compile --universal --python-version 3.11
    --generate-hashes --no-header --no-annotate`, for the earlier eras with `pydantic<2.11`: 0.15.0 asks for it; with a
    later one 0.18.5 starts, but sends filters without their conditions.
    """
    requirements = FOLDER / f"requirements-{version}.txt"
    environment = ENVIRONMENTS / version
    python = environment / "bin" / "python"
    stamp = environment / "made-from.txt"
    made_from = f"{sys.version}\n{requirements.read_text(encoding='utf-8')}"
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with FileLock(ENVIRONMENTS / f"{version}.lock", timeout=2 * COMMAND_SECONDS):
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != made_from:
            base = _base_python() if "pydantic==2.10" in made_from else sys.executable
            _run(base, "-m", "venv", "--clear", environment)
            pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
            _run(*pip, "install", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", requirements)
            stamp.write_text(made_from, encoding="utf-8")
    return python


def _base_python() -> str:
    # pydantic 2.10 has wheels for Python up to 3.13.
    if sys.version_info < (3, 14):
        return sys.executable
    for name in ("python3.13", "python3.12", "python3.11"):
        if found := shutil.which(name):
            return found
    raise RuntimeError("the vendor's SDKs of the time need Python 3.11, 3.12 or 3.13, and none of them is in PATH")


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, timeout=COMMAND_SECONDS, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
