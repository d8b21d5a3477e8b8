"""`mixpeek-assets serve-local-api`."""

import logging
from pathlib import Path

import click

from mixpeek_assets import local_api
from mixpeek_assets.landing_command import landing_command
from mixpeek_assets.manifest.sources import reachable_hosts, readable_folders
from mixpeek_assets.settings import Settings


def serve(settings: Settings, port: int, folders: tuple[Path, ...], more: tuple[str, ...]) -> None:
    """Serve the local API until Ctrl-C.

    Args:
        settings: The settings, with the data directory to serve.
        port: The port; 0 picks a free one.
        folders: Folders of videos to allow, beside the settings' own.
        more: Options of `python -m mixpeek_local`.

    Raises:
        LocalApiError: it is not installed, or another server serves this data directory.
    """
    logging.getLogger().setLevel(logging.INFO)
    options = [f"--state-dir={settings.local_api_folder}", f"--port={port}"]
    options += [f"--allow-folder={folder}" for folder in [*readable_folders(settings), *folders]]
    options += [f"--allow-host={host}" for host in reachable_hosts(settings)]
    options += [f"--landing={landing_command(settings)}"]
    config = local_api.read_options([*options, *more])
    key = local_api.api_key(config.state_dir)
    click.echo(f"Key (send it as `Authorization: Bearer …`): {config.state_dir / 'key'}, {len(key)} characters")
    click.echo(
        f"Videos are read from public http(s) URLs and these folders: {', '.join(map(str, config.allowed_folders))}"
    )
    for missing in filter(None, local_api.missing_models().values()):
        click.echo(missing)
    local_api.serve(config)
