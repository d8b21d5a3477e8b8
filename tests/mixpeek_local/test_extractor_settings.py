"""The extractor settings of the ingest body: obeyed, or refused with the reason (contract b2)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.extract.settings import ExtractionSettings
from mixpeek_local.http import video_settings
from mixpeek_local.http.ingest import IngestRequest
from tests.mixpeek_local.served import picture, served

BODY = {"url": "https://example.com/video.mp4", "collection": "example"}
NAME, *_, OTHER_NAME = sorted(vectors_offered())
# What the vendor's SDKs send for a user who has set nothing but what is named (b2).
SENT_BY_THE_SDK = {"interval_sec": 10, "read": {"enabled": True}, "describe": {"enabled": True, "json_output": {}}}


def settings(extractor: dict[str, Any] | None) -> ExtractionSettings:
    extractors = None if extractor is None else [extractor]
    return IngestRequest.model_validate(BODY | {"feature_extractors": extractors}).settings


@pytest.mark.parametrize("extractor", [None, {}, {"interval_sec": None, "read": None}, SENT_BY_THE_SDK])
def test_all_senses_are_on_unless_told_otherwise(extractor: dict[str, Any] | None) -> None:
    assert settings(extractor) == ExtractionSettings()


def test_no_extractor_is_the_default_one() -> None:
    assert IngestRequest.model_validate(BODY | {"feature_extractors": []}).settings == ExtractionSettings()


@pytest.mark.parametrize("sense", ["read", "transcribe", "describe"])
def test_a_sense_can_be_switched_off(sense: str) -> None:
    assert settings({sense: {"enabled": False}}) == replace(ExtractionSettings(), **{sense: False})
    assert settings({sense: {}}) == settings({sense: {"enabled": True}}) == ExtractionSettings()


def test_segments_can_be_shots() -> None:
    assert settings({"segment_by": "shots", "interval_sec": 30}) == ExtractionSettings(30, "shots")


@pytest.mark.parametrize("field", ["vector_index", "embedding_model", "vector_name", "model_id"])
def test_vectors_are_chosen_by_the_field_of_any_era(field: str) -> None:
    assert settings({"embed": [{"type": "url", field: NAME}]}).vectors == (NAME,)


def test_what_a_sense_names_is_made_too() -> None:
    chosen = {"embed": [{"type": "url", "vector_index": OTHER_NAME}], "read": {"vector_index": NAME}}
    assert settings(chosen).vectors == (NAME, OTHER_NAME)
    assert settings({"read": {"vector_index": NAME}}).vectors is None


@pytest.mark.parametrize(
    ("offered", "meant"),
    [(["text", "multimodal", "image"], ("multimodal",)), (["image", "audio"], ("audio", "image"))],
)
def test_an_embedding_that_names_no_vector_means_the_multimodal_one_or_all(
    monkeypatch: pytest.MonkeyPatch, offered: list[str], meant: tuple[str, ...]
) -> None:
    monkeypatch.setattr(video_settings, "vectors_offered", lambda: dict.fromkeys(offered))
    assert settings({"embed": [{"type": "url", "value": None}]}).vectors == meant


def test_detection_may_be_switched_off() -> None:
    off = {"detect": {"faces": {"enabled": False}, "logos": {"enabled": False, "confidence_threshold": 0.5}}}
    assert settings(off) == settings({"detect": {"faces": None}}) == settings({"detect": None}) == ExtractionSettings()


REFUSED = [
    ({"embed": [{"type": "url", "vector_index": "clip"}]}, ["embed", 0, "vector_index"], ", ".join(vectors_offered())),
    ({"embed": [{"type": "url", "value": "words"}]}, ["embed", 0], "the value must be null"),
    ({"embed": [{"type": "text", "value": "words"}]}, ["embed", 0], "the type must be url"),
    ({"embed": [{"type": "smell"}]}, ["embed", 0, "type"], "'url'"),
    ({"read": {"vector_index": "clip"}}, ["read", "vector_index"], "no vector 'clip'"),
    ({"describe": {"prompt": "in French"}}, ["describe", "prompt"], "no language model"),
    ({"describe": {"max_length": 50}}, ["describe", "max_length"], "one sentence"),
    ({"transcribe": {"json_output": {"mood": "str"}}}, ["transcribe", "json_output"], "no language model"),
    ({"json_output": {"prompt": "mood"}}, ["json_output"], "no language model"),
    ({"entities": {"taxonomy_extraction": {}}}, ["entities"], "no language model"),
    ({"detect": {"faces": {}}}, ["detect", "faces", "enabled"], "detects no faces and no logos"),
    ({"detect": {"logos": {"enabled": True}}}, ["detect", "logos", "enabled"], "detects no faces and no logos"),
    ({"segment_by": "mood"}, ["segment_by"], "'interval' or 'shots'"),
    ({"read": True}, ["read"], "valid dictionary"),
    ({"read": {"enabled": "yes"}}, ["read", "enabled"], "boolean"),
]


def test_what_cannot_be_done_is_refused_with_the_reason(tmp_path: Path) -> None:
    with served(tmp_path) as api:
        for extractor, place, reason in REFUSED:
            reply = api.request("POST", "/ingest/videos/url", json=BODY | {"feature_extractors": [extractor]})
            assert reply.status_code == 422, extractor
            (mistake,) = reply.json()["detail"]
            assert mistake["loc"] == ["body", "feature_extractors", 0, *place]
            for part in reason.split(", "):
                assert part in mistake["msg"]
        assert api.get("/tasks")["results"] == []


def test_several_extractors_and_percolation_are_refused_with_the_reason(tmp_path: Path) -> None:
    with served(tmp_path) as api:
        for fields, reason in (
            ({"feature_extractors": [{}, {"interval_sec": 5}]}, "give one extractor"),
            ({"percolate": {"enabled": True}}, "no stored queries"),
            ({"percolate": {}}, "no stored queries"),
        ):
            (field,) = fields
            reply = api.request("POST", "/ingest/videos/url", json=BODY | fields)
            assert reply.status_code == 422
            (mistake,) = reply.json()["detail"]
            assert mistake["loc"] == ["body", field]
            assert reason in mistake["msg"]
        assert api.status("POST", "/ingest/videos/url", json=BODY | {"percolate": {"enabled": False}}) == 200


def test_the_worker_gets_what_was_asked_for(tmp_path: Path) -> None:
    with served(tmp_path) as api:
        extractor: dict[str, Any] = {"interval_sec": 7, "segment_by": "shots", "read": {"enabled": False}}
        extractor["embed"] = [{"type": "url", "vector_index": NAME}]
        api.ingest(BODY["url"], feature_extractors=[extractor], skip_duplicate=False)
        job = api.store.tasks.claim("worker")
        assert job is not None
        assert not job.skip_duplicate
        assert job.settings == ExtractionSettings(7, "shots", read=False, vectors=(NAME,))


def test_metadata_come_back_as_they_were_sent(tmp_path: Path) -> None:
    metadata = {"a": {"b": [1, 2.5, None, True, "ü 🎬 \u0000"]}, "": {}, "n": 2**53, "deep": [[[[[[{}]]]]]]}
    with served(tmp_path) as api:
        asset_id = api.extracted(picture(1), metadata=metadata)
        body = api.get(f"/assets/{asset_id}/features")
        assert body["asset"]["metadata"] == metadata
        assert body["features"]["image"][0]["metadata"] == metadata


def test_metadata_that_could_not_come_back_are_refused(tmp_path: Path) -> None:
    deep = json.loads('{"a":' * 250 + "1" + "}" * 250)
    with served(tmp_path) as api:
        headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
        for metadata in (json.dumps(deep), '{"a": NaN}', '{"a": "\\ud83c"}', '{"a":' * 3000 + "1" + "}" * 3000):
            body = json.dumps(BODY)[:-1] + f', "metadata": {metadata}}}'
            assert api.status("POST", "/ingest/videos/url", data=body, headers=headers) == 422
        body = json.dumps(BODY)[:-1] + f', "metadata": {{"n": 1{"0" * 30}}}}}'
        reply = api.request("POST", "/ingest/videos/url", data=body, headers=headers)
        asset_id = api.task(reply.json()["task_id"])["asset_id"]
        assert api.get(f"/assets/{asset_id}")["metadata"] == {"n": 1e30}
