"""Environments for tests: packages that must not be in the project's own, made once and kept in `.venv`."""

import subprocess
import sys
from pathlib import Path

from filelock import FileLock

KEPT = Path(__file__).parents[2] / ".venv" / "of-tests"
COMMAND_SECONDS = 300


def python_with(requirements: Path, base: str = sys.executable) -> Path:
    """Give the interpreter of an environment that has the packages of a lock file, and no others.

    Args:
        requirements: The lock file, with hashes.
        base: The interpreter that makes it.
    """
    environment = KEPT / requirements.stem
    python = environment / "bin" / "python"
    stamp = environment / "made-from.txt"
    made_from = f"{sys.version}\n{requirements.read_text(encoding='utf-8')}"
    KEPT.mkdir(parents=True, exist_ok=True)
    with FileLock(KEPT / f"{requirements.stem}.lock", timeout=2 * COMMAND_SECONDS):
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != made_from:
            _run(base, "-m", "venv", "--clear", "--without-pip", environment)
            pip = (sys.executable, "-m", "pip", f"--python={python}", "--quiet", "--disable-pip-version-check")
            _run(*pip, "install", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", requirements)
            stamp.write_text(made_from, encoding="utf-8")
    return python


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, timeout=COMMAND_SECONDS, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
