"""Shell completion, as docs/operations.md says to turn it on."""

import os
import subprocess

import pytest

from tests.fakes.project import SCRIPT


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(shell: str) -> None:
    environment = {**os.environ, "_MIXPEEK_ASSETS_COMPLETE": f"{shell}_source"}

    process = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=60)

    assert "_MIXPEEK_ASSETS_COMPLETE" in process.stdout
    assert "mixpeek-assets" in process.stdout


def test_commands_and_options_are_completed() -> None:
    environment = {**os.environ, "_MIXPEEK_ASSETS_COMPLETE": "bash_complete"}
    words = {"COMP_WORDS": "mixpeek-assets query --for", "COMP_CWORD": "2"}

    process = subprocess.run(
        [SCRIPT], env={**environment, **words}, capture_output=True, text=True, check=True, timeout=60
    )

    assert process.stdout == "plain,--format\n"
