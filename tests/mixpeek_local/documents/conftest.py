from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mixpeek_local.documents.shelf import Shelf, shelved
from tests.mixpeek_local.documents.writing import Writer, writing


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with shelved(tmp_path / "state") as shelf:
        yield shelf


@pytest.fixture
def writer(tmp_path: Path, folder: Path) -> Iterator[Writer]:
    with writing(tmp_path / "state", allowed_folders=(folder,)) as writer:
        yield writer
