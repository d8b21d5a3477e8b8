"""Why a moment is a hit, and which words are an example: read from what landed, on a warehouse of every kind of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.api.port import FoundFeature, SearchReply
from mixpeek_assets.cli.search import example_words, look_up
from mixpeek_assets.warehouse.warehouse import Warehouse

LABELS = {"labels": [{"label": "wombat", "score": 0.2}], "sounds": [{"label": "Music", "score": 0.9}]}


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
        ({"modality": "text", "text": "It is night."}, "multimodal", "It is night."),
        ({"modality": "text", "text": "A bite.", "payload": {"unsure": True}}, "text", 'perhaps: "A bite."'),
        ({"modality": "text", "text": "A bite.", "payload": {"unsure": True}}, "multimodal", 'perhaps: "A bite."'),
        ({"modality": "image", "description": "Looks like a wombat."}, "multimodal", "Looks like a wombat."),
        ({"modality": "image", "payload": LABELS}, "multimodal", "nearest label: wombat"),
        ({"modality": "video", "description": "Sounds like music.", "payload": LABELS}, "multimodal", "nearest label"),
        ({"modality": "video", "description": "Sounds like silence."}, "multimodal", "similar picture"),
        ({"modality": "video", "description": "Looks like a cat; sounds like silence."}, "multimodal", "Looks like a"),
        ({"modality": "audio", "description": "Sounds like silence."}, "multimodal", "similar sound"),
        ({"modality": "audio", "payload": {"sounds": [{"label": "Silence"}]}}, "multimodal", "similar sound"),
        ({"modality": "audio", "payload": LABELS}, "multimodal", "nearest sound: Music"),
        ({"modality": "video", "description": "A cat.", "transcription": "Hello."}, "text", "Hello."),
        ({"modality": "text"}, "multimodal", "similar text"),
        ({}, "multimodal", "similar picture"),
    ],
)
def test_every_hit_says_why_it_is_one(feature: dict[str, Any], index: str, found: str, warehouse: Warehouse) -> None:
    keep(warehouse, feature)

    [moment] = look_up(warehouse, SearchReply([FoundFeature("0", None, {})]), index).rows

    assert moment.found.startswith(found)
    assert "silence" not in moment.found.lower()


@pytest.mark.parametrize(
    ("url", "thumbnail"),
    [
        (None, None),
        ("file:///my%20data/a.jpg", "/my data/a.jpg"),
        ("https://previews.test/a%20b.jpg", "https://previews.test/a%20b.jpg"),
    ],
)
def test_a_thumbnail_is_a_path_or_a_url(url: str | None, thumbnail: str | None, warehouse: Warehouse) -> None:
    keep(warehouse, {"modality": "image", "payload": {"preview_url": url}})

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
