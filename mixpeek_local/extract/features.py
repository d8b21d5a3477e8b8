"""Features with named vectors, from the results of the models (contract b5)."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mixpeek_local.extract.audio import AudioAnalyser
from mixpeek_local.extract.captions import Caption
from mixpeek_local.extract.describe import describe
from mixpeek_local.extract.records import Feature, Label, Vector
from mixpeek_local.extract.segments import Span
from mixpeek_local.extract.sentences import sentence_model
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.extract.sounds import Sound
from mixpeek_local.extract.space import shared_space
from mixpeek_local.extract.speech import Sentence, said
from mixpeek_local.extract.view import Look, View
from mixpeek_local.extract.vision import labels, vision_model

_SENTENCE_PROBABILITY = 0.7
"""From 0.55 on, 59 of 63 labels of 310 frames and photos were right or nearly so, from 0.2 to 0.55 two of three."""

_TEXT_OVERLAP_SECONDS = 1.0
"""A shorter overlap with the next segment does not count: nobody would say that it is shown there."""


@dataclass(frozen=True)
class Findings:
    """All results for a file.

    Attributes:
        spans: The segments.
        views: The view of each segment by its number; a segment without one shows the picture of an earlier one.
        picture_end: The second at which the picture ends.
        captions: The texts on the screen, by time.
        audio: The sound.
    """

    spans: Sequence[Span]
    views: dict[int, View]
    picture_end: float
    captions: Sequence[Caption]
    audio: AudioAnalyser


@dataclass(frozen=True)
class _Segment:
    """All results for a segment."""

    span: Span
    view: View | None
    sound: Sound | None
    read: str
    said: str


def features(found: Findings, settings: ExtractionSettings) -> list[Feature]:
    """Make the features: `video` and `audio` for segments, `image` for looks, `text` for what is read and said."""
    sentences = found.audio.sentences
    made: list[Feature] = []
    for number, span in enumerate(found.spans):
        segment = _segment(number, span, found, sentences)
        if segment.view is not None:
            made += [_video(segment, segment.view, settings), *(_image(look, settings) for look in segment.view.looks)]
        if segment.sound is not None:
            made.append(_audio(segment, segment.sound, settings))
    made += [_caption(caption, found) for caption in found.captions]
    made += [_sentence(sentence, found) for sentence in sentences]
    for feature in made:
        _add_words(feature)
        _keep(feature, settings.vectors)
    return made


def _segment(number: int, span: Span, found: Findings, sentences: Sequence[Sentence]) -> _Segment:
    start, end = span
    shown = (caption.text for caption in found.captions if _is_shown(caption, span))
    return _Segment(
        span,
        view=_view(number, found) if start < found.picture_end else None,
        sound=found.audio.sound(start, end),
        read=_lines(shown),
        said=said(sentences, start, end),
    )


def _video(segment: _Segment, view: View, settings: ExtractionSettings) -> Feature:
    seen, heard = _seen(view.vector), _heard(segment.sound)
    details = {
        "interval_sec": settings.interval_sec,
        "labels": _plain(seen),
        "sounds": _plain(heard),
        "text": segment.read,
        "transcription": segment.said,
    }
    if settings.describe:
        details["description"] = describe(seen=_sure(seen), read=segment.read, heard=heard, said=segment.said)
    return Feature("video", *segment.span, _picture_vectors(view.vector), _present(details), view.best.preview)


def _image(look: Look, settings: ExtractionSettings) -> Feature:
    seen = _seen(look.vector)
    details: dict[str, Any] = {"labels": _plain(seen)}
    if settings.describe:
        details["description"] = describe(seen=_sure(seen))
    return Feature("image", look.moment, look.moment, _picture_vectors(look.vector), _present(details), look.preview)


def _audio(segment: _Segment, sound: Sound, settings: ExtractionSettings) -> Feature:
    heard = _heard(sound)
    details: dict[str, Any] = {"sounds": _plain(heard), "transcription": segment.said}
    if settings.describe:
        details["description"] = describe(heard=heard, said=segment.said)
    vectors = {"audio": sound.vector}
    space = shared_space()
    if space is not None and sound.scores is not None and (place := space.of_sound(sound.scores)) is not None:
        vectors["multimodal"] = place
    return Feature(
        "audio", *segment.span, vectors, _present(details), segment.view.best.preview if segment.view else None
    )


def _caption(caption: Caption, found: Findings) -> Feature:
    details = {
        "text": caption.text,
        "source": "screen",
        "confidence": round(caption.confidence, 3),
        "box": list(caption.box),
    }
    return Feature("text", *_times(caption), {}, details, _preview_at(caption.start, found))


def _sentence(sentence: Sentence, found: Findings) -> Feature:
    details: dict[str, Any] = {
        "text": sentence.text,
        "source": "speech",
        "confidence": round(sentence.confidence, 3),
    }
    if not sentence.is_sure:
        details["unsure"] = True
    if sentence.language is not None:
        details["language"] = sentence.language
    return Feature("text", *_times(sentence), {}, details, _preview_at(sentence.start, found))


def _add_words(feature: Feature) -> None:
    """Add text vectors to a feature with words; the `multimodal` vector of a picture or sound stays its own."""
    words = _lines(feature.details.get(name) for name in ("transcription", "text"))
    model, space = sentence_model(), shared_space()
    if words and model is not None:
        feature.vectors["text"] = model.embed([words])[0]
    if words and space is not None and feature.modality == "text":
        feature.vectors["multimodal"] = space.of_words([words])[0]


def _keep(feature: Feature, wanted: tuple[str, ...] | None) -> None:
    for name in set(feature.vectors) - set(feature.vectors if wanted is None else wanted):
        del feature.vectors[name]


def _picture_vectors(vector: Vector) -> dict[str, Vector]:
    space = shared_space()
    if space is None or vision_model() is None:
        return {"image": vector}
    return {"image": vector, "multimodal": space.of_picture(vector)}


def _is_shown(caption: Caption, span: Span) -> bool:
    overlap = min(caption.end, span[1]) - max(caption.start, span[0])
    return overlap >= min(_TEXT_OVERLAP_SECONDS, (caption.end - caption.start) / 2)


def _view(number: int, found: Findings) -> View | None:
    """A segment's view; a still picture has a view only in the segment where it begins."""
    return next((found.views[one] for one in range(number, -1, -1) if one in found.views), None)


def _preview_at(second: float, found: Findings) -> bytes | None:
    number = sum(start <= second for start, _ in found.spans) - 1
    view = _view(number, found)
    return view.best.preview if view else None


def _times(one: Caption | Sentence) -> Span:
    return round(one.start, 3), round(one.end, 3)


def _seen(vector: Vector) -> list[Label]:
    return [] if vision_model() is None else labels(vector)


def _sure(seen: Iterable[Label]) -> list[Label]:
    return [label for label in seen if label.score >= _SENTENCE_PROBABILITY]


def _heard(sound: Sound | None) -> Sequence[Label]:
    return sound.labels if sound else ()


def _plain(several: Iterable[Label]) -> list[dict[str, Any]]:
    return [asdict(label) | {"score": round(label.score, 3)} for label in several]


def _present(details: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in details.items() if value not in (None, "", [])}


def _lines(texts: Iterable[str | None]) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))
