"""Five short sample videos, their manifest, and the program that draws them."""

from pathlib import Path

FOLDER: Path = Path(__file__).resolve().parent
"""The folder that holds the sample videos."""

GUIDE_VIDEO: Path = FOLDER / "lesson.mp4"
"""What the guide's `video.mp4` stands for: the sample with speech, words on the screen, and pictures."""

MANIFEST: Path = FOLDER / "manifest.csv"
"""The CSV file that lists them; its URLs are relative to its own folder."""
