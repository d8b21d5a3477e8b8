"""Draw the contact sheet of the scenes: ``python -m mixpeek_local.samples.contact_sheet FILE``.

The extractor has it as `data/pictures.jpg`: a CLIP that a user brings is shown these to learn their mean.
"""

from pathlib import Path

import click
import numpy as np
from PIL import Image

from mixpeek_local.samples.scenes import CLIPS

TILE, COLUMNS, QUALITY = 128, 6, 75
SHARES = (0.2, 0.7)
"""Of a scene, where it is drawn."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def main(file: Path) -> None:
    """Draw each scene twice, and write all of them as one JPEG."""
    scenes = [scene for clip in CLIPS for scene in clip.scenes]
    drawn = [scene.picture(scene.start + share * scene.seconds) for scene in scenes for share in SHARES]
    tiles = [np.asarray(Image.fromarray(one).resize((TILE, TILE), Image.Resampling.LANCZOS)) for one in drawn]
    tiles = tiles[: len(tiles) // COLUMNS * COLUMNS]
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    Image.fromarray(np.vstack(rows)).save(file, quality=QUALITY)


if __name__ == "__main__":
    main()
