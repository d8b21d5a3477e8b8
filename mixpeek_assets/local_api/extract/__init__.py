"""Extraction: a file becomes features with named vectors, in one pass of decoding. No HTTP, no database."""

from pathlib import Path
from typing import Any

import av

from mixpeek_assets.local_api.extract.decode import Media, open_media
from mixpeek_assets.local_api.extract.listen import Listener
from mixpeek_assets.local_api.extract.records import Extraction, Feature, UnusableVideoError
from mixpeek_assets.local_api.extract.segments import pooled, representative, segments, within
from mixpeek_assets.local_api.extract.settings import ExtractionSettings
from mixpeek_assets.local_api.extract.watch import Watcher

__all__ = ["VERSION", "Extraction", "Feature", "UnusableVideoError", "extract"]

VERSION = "pixels-1"
"""Names what the vectors mean: vectors of two versions must not be mixed or copied for one another."""


def extract(path: Path, settings: ExtractionSettings, *, max_seconds: float = 4 * 3600) -> Extraction:
    """Look at and listen to a whole file.

    Each segment of `interval_sec` gives a `video` feature (`multimodal`: its frames pooled), an `image` feature
    (`multimodal`: its representative frame) and, where there is sound, an `audio` feature (`audio`).

    Args:
        path: A local file.
        settings: What to extract.
        max_seconds: Longer files are refused.

    Raises:
        UnusableVideoError: Nothing can be seen or heard, with the reason.
    """
    with open_media(path) as media:
        _refuse_longer(media.declared_seconds or 0, max_seconds)
        watcher, listener = Watcher(), Listener()
        for frame, time in media.frames():
            _refuse_longer(time, max_seconds)
            if isinstance(frame, av.VideoFrame):
                watcher.add(frame, time)
            else:
                listener.add(frame, time)
        listener.finish()
        seconds = max(watcher.end, listener.end)
        if seconds == 0:
            raise UnusableVideoError("not one frame of the file could be decoded: it is damaged or cut off")
        return Extraction(
            modality="video" if watcher.looks else "audio",
            features=tuple(
                _features(watcher, listener, settings.interval_sec, segments(seconds, settings.interval_sec))
            ),
            file_data=_file_data(media, watcher, seconds),
        )


def _features(
    watcher: Watcher, listener: Listener, interval_sec: float, spans: list[tuple[float, float]]
) -> list[Feature]:
    features: list[Feature] = []
    for start, end in spans:
        seen = within(watcher.looks, start, end) if start < watcher.end else []
        if seen:
            best = representative(seen)
            moment = round(best.time, 3)
            features.append(Feature("video", start, end, {"multimodal": pooled(seen)}, {"interval_sec": interval_sec}))
            features.append(Feature("image", moment, moment, {"multimodal": best.vector}))
        heard = listener.vector(start, end)
        if heard is not None:
            features.append(Feature("audio", start, end, {"audio": heard}))
    return features


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
