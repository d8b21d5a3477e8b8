"""A whole extraction of a sample: what is asked for is made, and nothing else."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mixpeek_local.extract import Extraction, ExtractionSettings, extract
from mixpeek_local.extract.audio import AudioAnalyser
from mixpeek_local.extract.describe import describe
from mixpeek_local.extract.features import Findings, features
from mixpeek_local.extract.records import Label
from mixpeek_local.extract.speech import Sentence, Word, said
from mixpeek_local.extract.view import Look, View
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


def test_what_may_have_been_misheard_is_a_text_of_its_own_and_told_nowhere_else() -> None:
    sure, guess = (Sentence((word,)) for word in (Word(1, 2, "Hi", 0.66), Word(2, 3, "Ho", 0.64)))
    assert said([sure, guess], 0, 10) == "Hi"

    class Heard(AudioAnalyser):
        @property
        def sentences(self) -> list[Sentence]:
            return [sure, guess]

    with Heard() as audio:
        look = Look(0, b"", np.ones(512, np.float32))
        view = View(look, (look,), look.vector)
        segment, _, *texts = features(Findings([(0, 10)], {0: view}, 10, [], audio), ExtractionSettings())
    assert segment.details["transcription"] == "Hi"
    assert segment.details["description"].lower().endswith('a voice says "hi".')
    assert [one.details.get("unsure") for one in texts] == [None, True]
    assert texts[1].details["confidence"] == 0.64
    assert {"text", "multimodal"} == texts[1].vectors.keys()
    assert (segment.vectors["text"] == texts[0].vectors["text"]).all()


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
    named = [
        "a cup of tea",
        "an old man",
        "a bus",
        "an office building",
        "snowboarding",
        "fireworks",
        "snow",
        "under water",
    ]
    labels = [one.removeprefix("a ").removeprefix("an ") for one in named]
    assert [describe(seen=[Label(one, 0.9)]) for one in labels] == [f"Looks like {one}." for one in named]
    assert describe(read="OPEN", said="Come in.", heard=[Label("Speech", 0.9), Label("Music", 0.5)]) == (
        'The screen says "OPEN"; a voice says "Come in."; sounds like music.'
    )


def test_a_description_names_no_silence_and_the_kind_of_a_sound_only_if_it_has_no_better_name() -> None:
    silence, animal, dog = Label("Silence", 0.99), Label("Animal", 0.95), Label("Dog", 0.7)
    assert describe(heard=[silence]) is None
    assert describe(heard=[animal, silence, dog]) == "Sounds like dog."
    assert describe(heard=[animal, silence]) == "Sounds like animal."
