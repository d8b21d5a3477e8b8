"""Extraction: a file becomes features with named vectors, in one pass of decoding. No HTTP, no database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from mixpeek_local.extract.captions import Captions
from mixpeek_local.extract.decode import Media, open_media
from mixpeek_local.extract.features import Perception, features
from mixpeek_local.extract.listen import Listener
from mixpeek_local.extract.offered import version
from mixpeek_local.extract.pictures import Darkroom
from mixpeek_local.extract.read import reader
from mixpeek_local.extract.records import Extraction, Feature, UnusableVideoError
from mixpeek_local.extract.segments import ByInterval, ByShots, Segmenter
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.extract.view import View, view
from mixpeek_local.extract.watch import Glimpse, Watcher
from mixpeek_local.extract.when_to_read import WhenToRead

__all__ = ["Extraction", "ExtractionSettings", "Feature", "UnusableVideoError", "extract", "version"]


def extract(
    path: Path,
    settings: ExtractionSettings,
    *,
    max_seconds: float = 4 * 3600,
    progress: Callable[[float], None] | None = None,
) -> Extraction:
    """Look at, read and listen to a whole file.

    Args:
        path: A local file.
        settings: What to extract.
        max_seconds: Longer files are refused.
        progress: Is told now and then which share of the file is done, 0 to 1.

    Raises:
        UnusableVideoError: Nothing can be seen or heard, with the reason.
    """
    with open_media(path) as media, Listener(speech=settings.transcribe) as listener:
        _refuse_longer(media.declared_seconds or 0, max_seconds)
        senses = _Senses(settings, listener)
        for frame, time in media.frames():
            _refuse_longer(time, max_seconds)
            senses.perceive(frame, time)
            if progress is not None and media.declared_seconds:
                progress(min(time / media.declared_seconds, 1.0))
        seconds, found = senses.finish()
        return Extraction(
            modality="video" if found.views else "audio",
            features=tuple(features(found, settings)),
            file_data=_file_data(media, senses.watcher, seconds),
        )


class _Senses:
    """Everything that perceives one file, fed frame by frame."""

    def __init__(self, settings: ExtractionSettings, listener: Listener) -> None:
        self._segmenter = _segmenter(settings)
        self._reader = reader() if settings.read else None
        self.watcher = Watcher(self._segmenter, self._see, self._read if self._reader else None)
        self._listener = listener
        self._darkroom = Darkroom()
        self._when_to_read = WhenToRead()
        self._captions = Captions()
        self._views: dict[int, View] = {}

    def perceive(self, frame: av.VideoFrame | av.AudioFrame, time: float) -> None:
        if isinstance(frame, av.VideoFrame):
            self.watcher.add(frame, time)
        else:
            self._listener.add(frame, time)

    def finish(self) -> tuple[float, Perception]:
        """The length of the file in seconds, and all that was perceived."""
        self._listener.finish()
        seconds = max(self.watcher.end, self._listener.end)
        if seconds == 0:
            raise UnusableVideoError("not one frame of the file could be decoded: it is damaged or cut off")
        spans = self._segmenter.spans(seconds)
        self.watcher.finish(len(spans) - 1)
        captions = self._captions.finish(self.watcher.end)
        return seconds, Perception(spans, self._views, self.watcher.end, captions, self._listener)

    def _see(self, number: int, glimpses: list[Glimpse]) -> None:
        self._views[number] = view(glimpses, self._darkroom)

    def _read(self, glimpse: Glimpse) -> None:
        if self._reader is not None and self._when_to_read(glimpse.look.time, glimpse.look.luma):
            lines = self._reader.read(self._darkroom.picture(glimpse.frame))
            self._when_to_read.saw(lines)
            self._captions.add(glimpse.look.time, lines)


def _segmenter(settings: ExtractionSettings) -> Segmenter:
    return {"interval": ByInterval, "shots": ByShots}[settings.segment_by](settings.interval_sec)


def _file_data(media: Media, watcher: Watcher, seconds: float) -> dict[str, Any]:
    data = media.file_data() | {"duration": round(seconds, 3)}
    if watcher.size is not None:
        data["width"], data["height"] = watcher.size
    declared = media.declared_seconds
    if declared and seconds < 0.95 * declared - 0.5:
        data["damage"] = f"only {seconds:.1f} of {declared:.1f} seconds could be decoded"
    elif media.broken:
        data["damage"] = f"{media.broken} of its packets could not be decoded"
    return data


def _refuse_longer(seconds: float, limit: float) -> None:
    if seconds > limit:
        raise UnusableVideoError(f"the video is longer than {limit / 3600:g} hours, the most that this server takes")
