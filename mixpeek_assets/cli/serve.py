"""`mixpeek-assets serve-local-api`."""

import logging
from pathlib import Path

import click

from mixpeek_assets.local_api import process
from mixpeek_assets.local_api.config import LocalApiConfig
from mixpeek_assets.manifest.sources import readable_folders
from mixpeek_assets.settings import load_settings


def serve(port: int, folders: tuple[Path, ...]) -> None:
    """Serve the local API until it is told to stop.

    Raises:
        AlreadyServingError: one serves this data directory already.
    """
    logging.getLogger().setLevel(logging.INFO)
    settings = load_settings()
    allowed = tuple(dict.fromkeys([*readable_folders(settings), *(folder.absolute() for folder in folders)]))
    key = process.api_key(settings.local_api_folder)
    click.echo(
        f"Key (send it as `Authorization: Bearer …`): {settings.local_api_folder / 'key'}, {len(key)} characters"
    )
    click.echo(f"Videos are read from http(s) URLs and from below: {', '.join(map(str, allowed))}")
    process.serve(LocalApiConfig(settings.local_api_folder, port=port, allowed_folders=allowed))
