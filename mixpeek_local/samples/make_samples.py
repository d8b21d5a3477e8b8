"""Draw and encode the sample videos: ``python -m mixpeek_local.samples.make_samples [folder]``.

Every picture and sound is computed by this package from fixed seeds; nothing is recorded or borrowed. The
voices are spoken by flite (`speech`), the letters are drawn by Pillow (`lettering`): to draw the samples anew
needs both, to use them needs neither. The videos are original works under the licence of the project (Apache-2.0).
"""

import csv
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import click
import numpy as np
import numpy.typing as npt

from mixpeek_local.samples import FOLDER, MANIFEST
from mixpeek_local.samples.drawing import HEIGHT, WIDTH
from mixpeek_local.samples.scenes import CLIPS, Clip, Scene
from mixpeek_local.samples.sounds import RATE, finish
from mixpeek_local.samples.speech import voice_track

FPS = 24
AUDIO_BIT_RATE = 64_000
AUDIO_FRAME = 1024
VOICE_CODER = {"aac_coder": "fast"}
"""FFmpeg's default coder makes peaks of 1.5 out of a voice whose own are 0.7; this one keeps nearer to it."""
BED = np.float32(0.16)
"""How loud the sound under a voice is, as a part of its own loudness."""
COLLECTION = "samples"


def frames(clip: Clip) -> Iterator[npt.NDArray[np.uint8]]:
    """Draw the frames of a clip, in order."""
    for scene in clip.scenes:
        for number in range(scene.seconds * FPS):
            yield scene.picture(scene.start + number / FPS)


def scene_sound(scene: Scene, voice: str) -> npt.NDArray[np.float32]:
    """Return the sound of a scene, with its voice: samples x 2 channels."""
    sound = finish(scene.sound(float(scene.seconds), scene.seed))
    return BED * sound + voice_track(scene.said, voice, scene.seconds) if scene.said else sound


def soundtrack(clip: Clip) -> npt.NDArray[np.float32]:
    """Return the sound of a clip, samples x 2 channels, a moment shorter than its picture.

    AAC stores whole frames of sound; a last one past the end would make the file longer than the picture.
    """
    sound = np.concatenate([scene_sound(scene, clip.voice) for scene in clip.scenes])
    return sound[: len(sound) // AUDIO_FRAME * AUDIO_FRAME]


def encode(clip: Clip, folder: Path) -> Path:
    """Draw a clip and write it as MP4 (H.264 and AAC); return the file.

    One thread per encoder, so that the same versions of the libraries always write the same bytes.
    """
    path = folder / clip.file
    sound = soundtrack(clip)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as file:
        file.metadata["title"] = clip.title
        settings = {
            "crf": str(clip.crf),
            "preset": "slower",
            "tune": "animation",
            "aq-mode": "3",
            "threads": "1",
        }
        video = file.add_stream("libx264", rate=FPS, options=settings)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.gop_size = FPS * 5
        audio = file.add_stream("aac", rate=RATE, layout="stereo", options=VOICE_CODER if clip.voice else {})
        audio.bit_rate = AUDIO_BIT_RATE

        for number, pixels in enumerate(frames(clip)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            file.mux(video.encode(frame))
            if number % FPS == 0:
                first = number // FPS * RATE
                samples = np.ascontiguousarray(sound[first : first + RATE].T)
                part = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
                part.sample_rate, part.pts, part.time_base = RATE, first, Fraction(1, RATE)
                file.mux(audio.encode(part))
        file.mux(video.encode(None))
        file.mux(audio.encode(None))
    return path


def write_manifest(path: Path) -> None:
    """Write the CSV file that lists the clips."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("url", "collection", "metadata"))
        for clip in CLIPS:
            about = {"title": clip.title, "scenes": [scene.name for scene in clip.scenes]}
            rows.writerow((clip.file, COLLECTION, json.dumps(about)))


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER)
def main(folder: Path) -> None:
    """Draw the sample videos and their manifest into FOLDER (by default, where they are packaged)."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        for path in pool.map(partial(encode, folder=folder), CLIPS):
            click.echo(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    write_manifest(folder / MANIFEST.name)


if __name__ == "__main__":
    main()
