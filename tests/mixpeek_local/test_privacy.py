"""Nothing leaves this machine, and nothing is left in the user's home."""

import os
import subprocess
import sys
from pathlib import Path

LOOK = """
import numpy as np
from mixpeek_local.extract.vision import vision_model
model = vision_model()
assert model is not None
model.see(np.zeros((64, 64, 3), np.uint8))
"""


def test_the_engine_of_the_models_keeps_no_telemetry(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    subprocess.run([sys.executable, "-c", LOOK], env={**os.environ, **home}, check=True, timeout=60)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
