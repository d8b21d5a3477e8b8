"""Voices for the samples, spoken by flite (``apt-get install flite``), which only the maker of the samples needs.

flite and its voices are free software of Carnegie Mellon University (a licence like BSD's: use, copying and sale
are free; the voices were made from its free CMU ARCTIC recordings), so what they speak may be given away. A speech
recogniser understood them best: with Whisper tiny.en, 4 % of 118 words wrong (slt), 11 % with espeak-ng's best voice.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import numpy.typing as npt

from mixpeek_local.samples.sounds import RATE
from mixpeek_local.samples.words import Said

STRETCH = 1.1
"""How much slower than flite's own pace the voices speak."""
LOUDNESS = 0.7
"""The peak of a voice."""


def speak(text: str, voice: str) -> npt.NDArray[np.float32]:
    """Return a text as spoken by a voice of flite: mono samples, the loudest of which is 1.

    Raises:
        FileNotFoundError: flite is not installed.
    """
    flite = shutil.which("flite")
    if not flite:
        raise FileNotFoundError("The samples' voices are spoken by flite: apt-get install flite")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = [flite, "-voice", voice, "--setf", f"duration_stretch={STRETCH}", "-t", text, "-o", str(path)]
        subprocess.run(command, check=True)  # noqa: S603 - our own words, no shell
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        with av.open(str(path)) as file:
            frames = [*file.decode(audio=0), None]
            parts = [part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)]
    spoken = np.concatenate(parts)
    return spoken / np.abs(spoken).max()


def voice_track(lines: tuple[Said, ...], voice: str, seconds: int) -> npt.NDArray[np.float32]:
    """Return the spoken lines of a scene at their moments, samples x 1.

    Raises:
        ValueError: A line takes longer to speak than its times say.
    """
    track = np.zeros((seconds * RATE, 1), dtype=np.float32)
    for line in lines:
        spoken, start = speak(line.text, voice), round(line.start * RATE)
        if spoken.size > round(line.end * RATE) - start:
            raise ValueError(f"{line.text!r} takes {spoken.size / RATE:.2f} s, not {line.end - line.start:.2f} s")
        track[start : start + spoken.size, 0] += LOUDNESS * spoken
    return track
