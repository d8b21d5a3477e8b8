"""The command line that starts a server with given settings."""

from dataclasses import fields
from pathlib import Path

from mixpeek_local.config import LocalApiConfig

_REPEATED = {"allowed_folders": "--allow-folder", "allowed_hosts": "--allow-host", "profiles": "--profile"}


def arguments(config: LocalApiConfig) -> list[str]:
    """Say all settings as options of `python -m mixpeek_local`."""
    said: list[str] = []
    for field in fields(config):
        value = getattr(config, field.name)
        option = _REPEATED.get(field.name, f"--{field.name.replace('_', '-')}")
        for one in value if isinstance(value, tuple) else (value,):
            if one is True:
                said.append(option)
            elif one is not False:
                said.append(f"{option}={one.absolute() if isinstance(one, Path) else one}")
    return said
