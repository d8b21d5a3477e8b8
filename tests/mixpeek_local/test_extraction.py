"""A whole extraction of a sample: what is asked for is made, and nothing else."""

from io import BytesIO

import pytest
from PIL import Image

from mixpeek_local.extract import Extraction, ExtractionSettings, extract
from mixpeek_local.extract.describe import describe
from mixpeek_local.extract.records import Label
from mixpeek_local.samples import FOLDER

LESSON = FOLDER / "lesson.mp4"
EVERY_NAME = {"image", "audio", "text", "multimodal"}


@pytest.fixture(scope="module")
def found() -> Extraction:
    return extract(LESSON, ExtractionSettings())


@pytest.fixture(scope="module")
def bare() -> Extraction:
    settings = ExtractionSettings(read=False, transcribe=False, describe=False, vectors=("image",))
    return extract(LESSON, settings)


def names(extraction: Extraction) -> set[str]:
    return {name for feature in extraction.features for name in feature.vectors}


def test_with_all_senses_a_segment_holds_what_is_read_and_said_in_it(found: Extraction) -> None:
    second = [feature for feature in found.features if feature.modality == "video"][1]
    assert (second.start_time, second.end_time) == (10, 20)
    assert "200 g flour" in second.details["text"]
    assert "stir slowly" in second.details["transcription"]
    assert "Speech" in {sound["label"] for sound in second.details["sounds"]}
    assert "flour" in second.details["description"]
    assert {feature.details["source"] for feature in found.features if feature.modality == "text"} == {
        "screen",
        "speech",
    }
    assert names(found) == EVERY_NAME


def test_what_is_switched_off_is_not_made(bare: Extraction) -> None:
    assert {feature.modality for feature in bare.features} == {"video", "image", "audio"}
    for feature in bare.features:
        assert not {"text", "transcription", "description"} & set(feature.details)
    assert names(bare) == {"image"}


def test_every_feature_of_a_video_has_a_thumbnail_that_is_a_small_jpeg(found: Extraction) -> None:
    for feature in found.features:
        assert feature.preview is not None
        picture = Image.open(BytesIO(feature.preview))
        assert (picture.format, picture.size) == ("JPEG", (320, 180))


def test_a_description_says_what_was_found_and_nothing_else() -> None:
    assert describe() is None
    seen = [Label("volcano", 0.9), Label("alp", 0.5), Label("lakeside", 0.4)]
    assert describe(seen=seen) == "Looks like a volcano or an alp."
    assert describe(read="OPEN", said="Come in.", heard=[Label("Speech", 0.9), Label("Music", 0.5)]) == (
        'The screen says "OPEN"; a voice says "Come in."; sounds like music.'
    )
