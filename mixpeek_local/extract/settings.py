"""The settings of an extraction, from the ingest body (contract b2, VideoSettings)."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, Self

DEFAULT_INTERVAL_SEC = 10.0


@dataclass(frozen=True)
class ExtractionSettings:
    """The settings. Two videos with the same content and settings have the same features.

    Attributes:
        interval_sec: Length of a segment in seconds; with `shots`, the longest one.
        segment_by: Segments of equal length, or one for each shot (an extension of this server).
        read: Read text on the screen.
        transcribe: Transcribe speech.
        describe: Describe features in a sentence.
        vectors: The named vectors to make; None makes all that the models allow.
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
