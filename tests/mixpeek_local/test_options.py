"""The command line names every setting, and starting a server stays cheap."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.__main__ import read
from mixpeek_local.config import LocalApiConfig

OPTIONS: dict[str, Any] = {
    "--host=::1": {"host": "::1"},
    "--port=1234": {"port": 1234},
    "--allow-folder=/films --allow-folder=/talks": {"allowed_folders": (Path("/films"), Path("/talks"))},
    "--allow-host=10.0.0.0/8 --allow-host=films.example": {"allowed_hosts": ("10.0.0.0/8", "films.example")},
    "--max-bytes=1": {"max_bytes": 1},
    "--max-seconds=2.5": {"max_seconds": 2.5},
    "--max-memory=3": {"max_memory": 3},
    "--workers=77": {"workers": 77},
    "--download-timeout=4.5": {"download_timeout": 4.5},
    "--processing-timeout=5.5": {"processing_timeout": 5.5},
    "--duplicates=skip": {"duplicates": "skip"},
    "--profile=v1 --profile=dec": {"profiles": ("v1", "dec")},
    "--requests-per-minute=6": {"requests_per_minute": 6},
    "--retry-after": {"retry_after": True},
    "--draft-seconds=6.5": {"draft_seconds": 6.5},
    "--faults=[]": {"faults": "[]"},
    "--landing=land": {"landing": "land"},
}
HEAVY = {"onnxruntime", "faster_whisper", "ctranslate2", "tokenizers", "cv2", "PIL", "pandas", "duckdb"}


@pytest.mark.parametrize("options", OPTIONS)
def test_an_option_is_the_setting_of_its_name(options: str, tmp_path: Path) -> None:
    assert read([f"--state-dir={tmp_path}", *options.split()]) == LocalApiConfig(tmp_path, **OPTIONS[options])


def test_every_setting_has_an_option_and_the_same_default(tmp_path: Path) -> None:
    named = {name for settings in OPTIONS.values() for name in settings}
    assert {field.name for field in fields(LocalApiConfig)} == {"state_dir", *named}
    assert read([f"--state-dir={tmp_path}"]) == LocalApiConfig(tmp_path)


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
