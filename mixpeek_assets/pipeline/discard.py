"""Discarding, on the API's side, what a newer submission of a video has superseded."""

from collections.abc import Sequence
from datetime import date

from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.api.port import MixpeekClient
from mixpeek_assets.pipeline.fetch import wanted
from mixpeek_assets.pipeline.progress import Say
from mixpeek_assets.warehouse.warehouse import Warehouse


def discard_superseded(client: MixpeekClient, warehouse: Warehouse, partitions: Sequence[date], say: Say) -> int:
    """Delete superseded assets of some partitions from the API, and return how many.

    Their rows are gone already. One that cannot be deleted now is said, and tried again by the next landing.
    """
    discarded: list[str] = []
    with warehouse.assets_to_discard(partitions) as assets:
        for asset in assets:
            try:
                client.discard(wanted(asset))
                discarded.append(asset.asset_id)
            except MixpeekError as error:
                say(f"{asset.asset_id}, which a newer one has superseded, stays on the API's side for now: {error}")
    if discarded:
        warehouse.forget_discarded(discarded)
    return len(discarded)
