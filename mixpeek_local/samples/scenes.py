"""Which scenes there are, and which clips they make up."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from mixpeek_local.samples import (
    air_scenes,
    breakfast_scenes,
    city_scenes,
    fire_scenes,
    kitchen_scenes,
    land_scenes,
    meadow_scenes,
    reef_scenes,
    sea_scenes,
    sounds,
    space_scenes,
    voice_beds,
    words,
)
from mixpeek_local.samples.words import Said, Shown


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
    said: tuple[Said, ...] = ()
    """What a voice says over the sound, which is then quieter."""
    shown: tuple[Shown, ...] = ()
    """What is written in the picture."""


@dataclass(frozen=True)
class Clip:
    """A video file: scenes one after the other, with hard cuts."""

    file: str
    title: str
    scenes: tuple[Scene, ...]
    crf: int
    """How strongly H.264 compresses the picture: higher is smaller and less sharp."""
    voice: str = ""
    """The voice of flite that speaks, if anything is said."""

    @property
    def seconds(self) -> int:
        """How long the clip is."""
        return sum(scene.seconds for scene in self.scenes)

    @property
    def starts(self) -> list[int]:
        """When each scene begins, in seconds."""
        return [sum(scene.seconds for scene in self.scenes[:number]) for number in range(len(self.scenes))]

    @property
    def said(self) -> list[Said]:
        """What is said, with times from the beginning of the clip."""
        return [
            replace(line, start=start + line.start, end=start + line.end)
            for start, scene in zip(self.starts, self.scenes, strict=True)
            for line in scene.said
        ]

    @property
    def shown(self) -> list[Shown]:
        """What is written, with times from the beginning of the clip."""
        return [
            replace(line, start=start + line.start, end=start + line.end)
            for start, scene in zip(self.starts, self.scenes, strict=True)
            for line in scene.shown
        ]


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
    Clip(
        "talk.mp4",
        "Fire, honey, and air",
        (
            Scene("volcano that erupts", fire_scenes.volcano, voice_beds.rumble, 10, said=words.FIRE),
            Scene("bees in a meadow", meadow_scenes.honey_bees, voice_beds.humming, 11, said=words.HONEY),
            Scene("hot-air balloons", air_scenes.balloons, voice_beds.gas_flame, 12, said=words.AIR),
        ),
        crf=33,
        voice="slt",
    ),
    Clip(
        "lesson.mp4",
        "A lesson in the kitchen",
        (
            Scene(
                "kitchen in the morning",
                kitchen_scenes.pancake_title,
                voice_beds.kitchen,
                13,
                said=words.WELCOME,
                shown=(words.TITLE, words.SUBTITLE, words.COOK, words.COOK_ROLE),
            ),
            Scene(
                "batter and a blackboard",
                kitchen_scenes.batter,
                voice_beds.whisking,
                14,
                said=words.STIR,
                shown=words.RECIPE,
            ),
            Scene("pancake in a frying pan", breakfast_scenes.frying_pan, voice_beds.kitchen_waltz, 15),
            Scene(
                "breakfast table",
                breakfast_scenes.breakfast,
                voice_beds.kitchen,
                16,
                said=words.SERVE,
                shown=(words.TOPPING, words.NEXT_WEEK),
            ),
        ),
        crf=30,
        voice="rms",
    ),
)
