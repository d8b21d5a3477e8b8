"""A process that dies while it writes files leaves what the next run heals."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from mixpeek_assets.sinks.port import Replaced
from tests.sinks import dying
from tests.sinks.rows import DAY, batches

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("store", "renaming", "seen"),
    [
        ("lancedb", 0, "vectors_text.lance/data/*"),
        ("parquet", 1, "_mixpeek_assets/writing_all/1.parquet"),
        ("parquet", 2, "partition_date=*/vector_name=*/*.parquet"),
    ],
)
def test_the_next_run_heals_what_a_kill_leaves(store: str, renaming: int, seen: str, tmp_path: Path) -> None:
    place = tmp_path / "store"
    process = subprocess.Popen([sys.executable, "-m", "tests.sinks.dying", store, str(place), str(renaming)])
    while not any(place.glob(seen)):
        assert process.poll() is None or any(place.glob(seen)), "it ended before it wrote"
        time.sleep(0.01)
    process.kill()
    process.wait()
    wanted = dying.rows()

    sink = dying.opened(store, str(place))
    sink.prepare([])
    done = sink.replace(DAY, batches(wanted))

    assert (done.written + done.unchanged, done.removed) == (len(wanted), 0)
    assert sink.count(DAY) == len(wanted)
    assert sink.replace(DAY, batches(wanted)) == Replaced(0, len(wanted), 0)
    assert not [*place.glob("_mixpeek_assets/writing_*")]
