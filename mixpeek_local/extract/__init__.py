"""Extraction: a file becomes features with named vectors, in one pass of decoding. No HTTP, no database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from mixpeek_local.extract.audio import AudioAnalyser
from mixpeek_local.extract.captions import Captions
from mixpeek_local.extract.decode import Media, open_media
from mixpeek_local.extract.features import Findings, features
from mixpeek_local.extract.keyframes import Keyframe, KeyframeSelector
from mixpeek_local.extract.ocr import reader
from mixpeek_local.extract.ocr_schedule import OcrSchedule
from mixpeek_local.extract.offered import version
from mixpeek_local.extract.pictures import FrameConverter
from mixpeek_local.extract.place_history import PlaceHistory
from mixpeek_local.extract.records import Extraction, Feature, UnusableVideoError
from mixpeek_local.extract.segments import ByInterval, ByShots, Segmenter
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.extract.view import View, view

__all__ = ["Extraction", "ExtractionSettings", "Feature", "UnusableVideoError", "extract", "version"]


def extract(
    path: Path,
    settings: ExtractionSettings,
    *,
    max_seconds: float = 4 * 3600,
    progress: Callable[[float], None] | None = None,
) -> Extraction:
    """Analyse the picture, the text on screen and the sound of a whole file.

    Args:
        path: A local file.
        settings: What to extract.
        max_seconds: Longer files are refused.
        progress: Called now and then with the share of the file that is done, 0 to 1.

    Raises:
        UnusableVideoError: The file has nothing to analyse; the message says why.
        UnusableClipError: The user's own CLIP cannot be used.
    """
    with open_media(path) as media, AudioAnalyser(speech=settings.transcribe) as audio:
        _refuse_longer(media.declared_seconds or 0, max_seconds)
        analysis = _Analysis(settings, audio)
        for frame, time in media.frames():
            _refuse_longer(time, max_seconds)
            analysis.add(frame, time)
            if progress is not None and media.declared_seconds:
                progress(min(time / media.declared_seconds, 1.0))
        seconds, found = analysis.finish()
        return Extraction(
            modality="video" if found.views else "audio",
            features=tuple(features(found, settings)),
            file_data=_file_data(media, analysis.keyframes, seconds),
        )


class _Analysis:
    """The analysis of one file, fed frame by frame."""

    def __init__(self, settings: ExtractionSettings, audio: AudioAnalyser) -> None:
        self._segmenter = _segmenter(settings)
        self._reader = reader() if settings.read else None
        self.keyframes = KeyframeSelector(self._segmenter, self._classify, self._read if self._reader else None)
        self._audio = audio
        self._converter = FrameConverter()
        self._ocr_schedule = OcrSchedule()
        self._history = PlaceHistory()
        self._captions = Captions()
        self._views: dict[int, View] = {}

    def add(self, frame: av.VideoFrame | av.AudioFrame, time: float) -> None:
        if isinstance(frame, av.VideoFrame):
            self.keyframes.add(frame, time)
        else:
            self._audio.add(frame, time)

    def finish(self) -> tuple[float, Findings]:
        """The length of the file in seconds, and everything that was found."""
        self._audio.finish()
        seconds = max(self.keyframes.end, self._audio.end)
        if seconds == 0:
            raise UnusableVideoError("not one frame of the file could be decoded: it is damaged or cut off")
        spans = self._segmenter.spans(seconds)
        self.keyframes.finish(len(spans) - 1)
        captions = self._captions.finish(self.keyframes.end)
        return seconds, Findings(spans, self._views, self.keyframes.end, captions, self._audio)

    def _classify(self, number: int, keyframes: list[Keyframe]) -> None:
        self._views[number] = view(keyframes, self._converter)

    def _read(self, keyframe: Keyframe) -> None:
        time, luma = keyframe.stats.time, keyframe.stats.luma
        self._history.add(time, luma)
        if self._reader is not None and self._ocr_schedule(time, luma):
            lines = self._reader.read(self._converter.picture(keyframe.frame))
            self._ocr_schedule.saw(lines)
            self._captions.add(time, lines, self._history)
            self._history.was_read()


def _segmenter(settings: ExtractionSettings) -> Segmenter:
    return {"interval": ByInterval, "shots": ByShots}[settings.segment_by](settings.interval_sec)


def _file_data(media: Media, keyframes: KeyframeSelector, seconds: float) -> dict[str, Any]:
    data = media.file_data() | {"duration": round(seconds, 3)}
    if keyframes.size is not None:
        data["width"], data["height"] = keyframes.size
    declared = media.declared_seconds
    if declared and seconds < 0.95 * declared - 0.5:
        data["damage"] = f"only {seconds:.1f} of {declared:.1f} seconds could be decoded"
    elif media.broken:
        data["damage"] = f"{media.broken} of its packets could not be decoded"
    return data


def _refuse_longer(seconds: float, limit: float) -> None:
    if seconds > limit:
        raise UnusableVideoError(f"the video is longer than {limit / 3600:g} hours, the most that this server takes")
