"""Which scenes there are, and which clips they make up."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from mixpeek_assets.samples import city_scenes, land_scenes, reef_scenes, sea_scenes, sounds, space_scenes


@dataclass(frozen=True)
class Scene:
    """A picture and a sound over some seconds."""

    name: str
    picture: Callable[[float], npt.NDArray[np.uint8]]
    """From a moment in seconds to a frame of height x width x 3 bytes."""
    sound: Callable[[float, int], npt.NDArray[np.float32]]
    """From a number of seconds and a seed to samples x 2 channels."""
    seed: int
    start: float = 0.0
    """The moment of the picture at which the scene begins."""
    seconds: int = 10


@dataclass(frozen=True)
class Clip:
    """A video file: scenes one after the other, with hard cuts."""

    file: str
    title: str
    scenes: tuple[Scene, ...]
    crf: int
    """How strongly H.264 compresses the picture: higher is smaller and less sharp."""

    @property
    def seconds(self) -> int:
        """How long the clip is."""
        return sum(scene.seconds for scene in self.scenes)


SEA = "sea at sunset"

CLIPS = (
    Clip(
        "harbour.mp4",
        "An evening by the sea",
        (
            Scene(SEA, sea_scenes.sea_at_sunset, sounds.surf, 1),
            Scene("lighthouse at night", sea_scenes.lighthouse_at_night, sounds.fog_horn, 2),
            Scene("coral reef with fish", reef_scenes.coral_reef, sounds.bubbles, 3),
        ),
        crf=27,
    ),
    Clip(
        "city.mp4",
        "From the city to the coast",
        (
            Scene("city street in the rain at night", city_scenes.rainy_city, sounds.traffic, 4),
            Scene("metronome on a table", city_scenes.metronome, sounds.ticking, 5),
            # The scene that two clips share: a little later, from a little further along the beach.
            Scene(SEA, partial(sea_scenes.sea_at_sunset, pan=18.0), sounds.surf, 6, start=3.0),
        ),
        crf=30,
    ),
    Clip(
        "forest.mp4",
        "Autumn, winter, and the stars",
        (
            Scene("autumn forest with falling leaves", land_scenes.autumn_forest, sounds.birdsong, 7),
            Scene("snowy mountains with a cabin", land_scenes.snowy_mountains, sounds.winter_wind, 8),
            Scene("planets and stars", space_scenes.planets, sounds.starlight, 9),
        ),
        crf=28,
    ),
)
