"""What is asked of an extraction: the settings that the ingest body carries (contract b2, VideoSettings)."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, Self

DEFAULT_INTERVAL_SEC = 10.0


@dataclass(frozen=True)
class ExtractionSettings:
    """Two videos of the same content and settings have the same features.

    Attributes:
        interval_sec: Length of a segment in seconds; with `shots`, the longest one.
        segment_by: Segments of equal length, or one a shot (an extension of this server).
        read: FrameStats for words on the screen.
        transcribe: FrameStats for words in the sound.
        describe: Say in a sentence what was found.
        vectors: Which named vectors to make; None makes all that the models allow.
    """

    interval_sec: float = DEFAULT_INTERVAL_SEC
    segment_by: Literal["interval", "shots"] = "interval"
    read: bool = True
    transcribe: bool = True
    describe: bool = True
    vectors: tuple[str, ...] | None = None

    def to_json(self) -> str:
        """The settings as text; equal settings give equal texts."""
        vectors = None if self.vectors is None else sorted(set(self.vectors))
        return json.dumps(asdict(self) | {"interval_sec": float(self.interval_sec), "vectors": vectors}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote, now or before a setting was added."""
        values = json.loads(text)
        if values.get("vectors") is not None:
            values["vectors"] = tuple(values["vectors"])
        return cls(**values)
