"""What the parameters of an extractor mean for the extraction."""

from typing import Any

import pytest

from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.http.documents.extractors import Parameters

EMBEDDINGS = ("multimodal", "transcription", "ocr", "description")
STEPS = ("transcription", "ocr", "video_description")
EVERYTHING = dict.fromkeys([*(f"run_{one}_embedding" for one in EMBEDDINGS), *(f"run_{one}" for one in STEPS)], True)


def settings(**parameters: Any) -> ExtractionSettings:
    return Parameters(**parameters).settings()


def test_with_everything_on_it_is_the_extraction_of_the_guides_style() -> None:
    assert settings(**EVERYTHING) == ExtractionSettings()
    assert settings(**EVERYTHING, time_split_interval=10).to_json() == ExtractionSettings().to_json()


def test_without_parameters_it_does_not_read_listen_or_describe() -> None:
    plain = settings()
    assert (plain.read, plain.transcribe, plain.describe) == (False, False, False)
    assert plain.vectors == tuple(sorted(set(vectors_offered()) - {"text"}))


def test_scenes_are_shots_of_at_most_the_longest_segment() -> None:
    assert settings(split_method="scene").interval_sec == 30
    assert settings(split_method="scene", max_segment_duration=20).interval_sec == 20
    assert settings(split_method="scene", time_split_interval=15).interval_sec == 15
    assert settings(split_method="scene").segment_by == "shots"
    assert settings(split_method="scene", max_segment_duration=None).interval_sec == 119


@pytest.mark.parametrize("seconds", [0, 4, 120])
def test_a_segment_has_the_lengths_of_the_guides_style(seconds: int) -> None:
    with pytest.raises(ValueError, match="time_split_interval"):
        settings(time_split_interval=seconds)


def test_without_any_embedding_there_are_no_vectors() -> None:
    assert settings(run_multimodal_embedding=False).vectors == ()
