from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mixpeek_local.documents.shelf import Shelf, shelved


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with shelved(tmp_path / "state") as shelf:
        yield shelf
