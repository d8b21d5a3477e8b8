"""What made a moment a hit, and which words are an example: read from what landed, of every kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.api.port import FoundFeature, SearchReply
from mixpeek_assets.cli.search import example_words, look_up
from mixpeek_assets.warehouse.warehouse import Warehouse

LABELS = {"labels": [{"label": "wombat", "score": 0.2}], "sounds": [{"label": "Music", "score": 0.9}]}
SEVERAL = {
    "labels": [{"label": name, "score": score} for name, score in [("lighthouse", 0.548), ("harbour", 0.21)]],
    "sounds": [{"label": name, "score": 0.5} for name in ["Silence", "Waves, surf", "Wind", "Fog horn", "Music"]],
}
ODD = ("cat", ["cat"], {"label": "cat"}, [{"score": 1}], [{"label": None}], None)


def keep(warehouse: Warehouse, *features: dict[str, Any]) -> None:
    """Store features of one video."""
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.videos BY NAME SELECT 'v' AS video_id, 'http://videos.test/a.mp4' AS url"
        )
        for number, feature in enumerate(features):
            connection.execute(
                "INSERT INTO mixpeek.features BY NAME SELECT $number AS feature_id, 'v' AS video_id,"
                " $modality AS modality, $text AS text, $transcription AS transcription, $description AS description,"
                " $number AS start_time, $payload AS payload",
                {
                    "number": str(number),
                    **{name: feature.get(name) for name in ("modality", "text", "transcription", "description")},
                    "payload": json.dumps(feature.get("payload", {})),
                },
            )


@pytest.mark.parametrize(
    ("feature", "index", "found"),
    [
        ({"modality": "text", "text": "It is\nnight."}, "multimodal", '"It is night."'),
        ({"modality": "text", "text": "Hi.", "payload": {"source": "speech"}}, "multimodal", 'said: "Hi."'),
        ({"modality": "text", "text": "Hi.", "payload": {"source": "screen"}}, "text", 'on the screen: "Hi."'),
        (
            {"modality": "text", "text": "Hi.", "payload": {"source": "speech", "unsure": True}},
            "multimodal",
            'perhaps said: "Hi."',
        ),
        ({"modality": "text"}, "multimodal", "similar text"),
        ({"modality": "image", "payload": SEVERAL}, "multimodal", "looks like lighthouse 0.55, harbour 0.21"),
        (
            {"modality": "video", "description": "A room.", "text": "Hi.", "payload": LABELS},
            "multimodal",
            "looks like wombat 0.20",
        ),
        *(({"modality": "image", "payload": {"labels": odd}}, "multimodal", "similar picture") for odd in ODD),
        ({"modality": "image", "payload": {"labels": [{"label": "cat"}]}}, "multimodal", "looks like cat"),
        ({"modality": "image", "description": "A cat on a mat."}, "multimodal", "A cat on a mat."),
        ({"modality": "video", "description": "Sounds like silence."}, "multimodal", "similar picture"),
        (
            {"modality": "video", "description": 'A voice says "Hi.".', "transcription": "Hi.", "text": "Bye."},
            "multimodal",
            'similar picture; said: "Hi."; on the screen: "Bye."',
        ),
        ({"modality": "video", "transcription": "Hi.", "payload": LABELS}, "text", 'said: "Hi."'),
        (
            {"modality": "audio", "payload": SEVERAL},
            "multimodal",
            "sounds like waves, surf 0.50, wind 0.50, fog horn 0.50",
        ),
        ({"modality": "audio", "description": "Sounds like silence."}, "multimodal", "similar sound"),
        ({"modality": "audio", "payload": {"sounds": [{"label": "Silence"}]}}, "multimodal", "similar sound"),
        ({}, "multimodal", "similar picture"),
    ],
)
def test_every_hit_says_what_made_it_one(feature: dict[str, Any], index: str, found: str, warehouse: Warehouse) -> None:
    keep(warehouse, feature)

    [moment] = look_up(warehouse, SearchReply([FoundFeature("0", None, {})]), index).rows

    assert moment.found == found


@pytest.mark.parametrize(
    ("payload", "thumbnail"),
    [
        ({"preview_url": None}, None),
        ({"preview_url": "file:///my%20data/a.jpg"}, "/my data/a.jpg"),
        ({"preview_url": "https://previews.test/a%20b.jpg"}, "https://previews.test/a%20b.jpg"),
        ({"thumbnail_url": "https://previews.test/a.jpg"}, "https://previews.test/a.jpg"),
        ({"preview_url": "http://127.0.0.1:1/previews/a.jpg", "preview_file": "file:///data/a.jpg"}, "/data/a.jpg"),
        ({"thumbnail_url": "http://127.0.0.1:1/previews/a.jpg", "preview_file": "file:///data/a.jpg"}, "/data/a.jpg"),
    ],
)
def test_a_thumbnail_is_a_path_or_a_url(payload: dict[str, Any], thumbnail: str | None, warehouse: Warehouse) -> None:
    keep(warehouse, {"modality": "image", "payload": payload})

    [moment] = look_up(warehouse, SearchReply([FoundFeature("0", 0.5, {})])).rows

    assert moment.thumbnail == thumbnail


SAID = {"modality": "text", "text": "A bee visits a blossom.", "payload": {"source": "speech"}}
READ = {"modality": "text", "text": "Sunday Pancakes", "payload": {"source": "screen"}}
SEEN = {"modality": "image", "payload": {"labels": [{"label": "lighthouse", "score": 0.7}]}}
GUESSED = {"modality": "image", "payload": LABELS}
LONG = {"modality": "text", "text": "My grandmother taught me this, when I was seven years old."}


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([SEEN, READ, LONG, SAID], ["A bee visits a blossom."]),
        ([SEEN, READ, {**SAID, "payload": {"unsure": True}}], ["Sunday Pancakes"]),
        ([SEEN, READ, LONG], ["My grandmother taught me this, when"]),
        ([SEEN, READ], ["Sunday Pancakes"]),
        ([GUESSED, SEEN], ["lighthouse"]),
        (
            [
                GUESSED,
                *({"modality": "image", "payload": {"labels": odd}} for odd in ("cat", ["cat"], {"label": "cat"})),
            ],
            [],
        ),
        ([{**READ, "text": '"; rm -rf $HOME; `x` "'}, {**READ, "text": "- 12 -"}], []),
        ([], []),
    ],
)
def test_the_example_of_a_run_is_words_that_were_said_read_or_seen(
    features: list[dict[str, Any]], words: list[str], warehouse: Warehouse, tmp_path: Path
) -> None:
    keep(warehouse, *features)
    listed, others = tmp_path / "listed.parquet", tmp_path / "others.parquet"
    with warehouse.database.connection() as connection:
        connection.execute(f"COPY (SELECT 'v' AS video_id) TO '{listed}' (FORMAT parquet)")
        connection.execute(f"COPY (SELECT 'w' AS video_id) TO '{others}' (FORMAT parquet)")

    assert example_words(warehouse, listed) == words
    assert example_words(warehouse, others) == [], "only those of the manifest count"
