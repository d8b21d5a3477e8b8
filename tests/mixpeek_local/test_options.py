"""The command line: no setting is lost on the way to a server, and starting one stays cheap."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.__main__ import read
from mixpeek_local.arguments import arguments
from mixpeek_local.config import LocalApiConfig

UNUSUAL: dict[str, Any] = {
    "host": "::1",
    "port": 1234,
    "allowed_folders": (Path("/films"), Path("/talks and more")),
    "allowed_hosts": ("10.0.0.0/8", "films.example"),
    "max_bytes": 1,
    "max_seconds": 2.5,
    "max_memory": 3,
    "workers": 77,
    "download_timeout": 4.5,
    "processing_timeout": 5.5,
    "duplicates": "skip",
    "profiles": ("v1", "dec"),
    "requests_per_minute": 6,
    "retry_after": True,
    "faults": "[]",
}
HEAVY = {"onnxruntime", "faster_whisper", "ctranslate2", "tokenizers", "cv2", "PIL", "pandas", "duckdb"}


def test_every_setting_reaches_a_server_that_is_started_with_it(tmp_path: Path) -> None:
    usual, unusual = LocalApiConfig(tmp_path), LocalApiConfig(tmp_path, **UNUSUAL)
    for field in fields(usual):
        if field.name != "state_dir":
            assert getattr(usual, field.name) != getattr(unusual, field.name), "give this setting an unusual value"
    for config in (usual, unusual):
        assert read(arguments(config)) == (config, {"wait": False, "while_used": False})


@pytest.mark.parametrize("option", ["--profile=v2", "--duplicates=maybe", "--requests-per-minute=many"])
def test_an_option_that_means_nothing_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(["--state-dir=/state", option])
    assert option.partition("=")[2] in capsys.readouterr().err


def test_a_server_starts_without_loading_what_only_workers_need() -> None:
    script = "import sys, mixpeek_local.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "mixpeek_local.http.server" in loaded
    assert HEAVY.isdisjoint(loaded)
