"""What a day looks like: figures first, then a picture in which texts of a server stay texts."""

import base64
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import dagster as dg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mixpeek_assets.defs import charts, markdown
from mixpeek_assets.defs.pictures import day_metadata
from mixpeek_assets.defs.texts import as_text
from mixpeek_assets.warehouse.schema import TableName
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.security.names import NAMES
from tests.warehouse.asking import ask
from tests.warehouse.rows import (
    DAY,
    NEXT_DAY,
    accepted,
    add_videos,
    asset_reply,
    at,
    done_task,
    feature,
    feature_reply,
    land,
    settled,
    task,
    video,
)

TABLES: tuple[TableName, ...] = ("videos", "tasks", "assets", "features", "vectors")
JPEG = b"\xff\xd8 a picture"
PREVIEW = "0123456789abcdef" * 2 + ".jpg"


def shown(warehouse: Warehouse, table: TableName, thumbnails: Path | None = None) -> dict[str, Any]:
    """What is shown of the day, by name."""
    pages = ask(warehouse, lambda reader: day_metadata(reader, table, [DAY, NEXT_DAY], thumbnails=thumbnails))
    return {name: value.value for name, value in pages.get(DAY, {}).items()}


def land_vectors(warehouse: Warehouse, *videos: str, count: int = 4, **fields: Any) -> None:
    """Land some vectors of each of these videos, by their URLs."""
    chance = random.Random(0)
    for number, url in enumerate(videos):
        add_videos(warehouse, video(f"v{number}", url=url))
        done_task(warehouse, f"v{number}", f"a{number}")
        names = [f"f{number}-{index}" for index in range(count)]
        payload = {"preview_url": f"http://127.0.0.1:1/previews/signature/{PREVIEW}"}
        listed = [feature(name, **{"payload": payload, **fields}) for name in names]
        land(warehouse, "assets", asset_reply(f"a{number}", *listed, video_id=f"v{number}"))
        for name in names:
            dense = {"clip": [chance.random() + number for _ in range(3)]}
            land(warehouse, "vectors", feature_reply(name, dense, asset_id=f"a{number}", video_id=f"v{number}"))


def svg(text: str) -> ET.Element:
    """The picture at the end of a text."""
    found = re.search(r"!\[\w+\]\(<data:image/svg\+xml,([^<>\n]*)>\)$", text)
    assert found is not None, text
    return ET.fromstring(unquote(found[1]))


def words(picture: ET.Element) -> list[str]:
    return [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]


def tags(picture: ET.Element) -> set[str]:
    return {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in picture.iter()}


def test_a_funnel_says_how_far_the_videos_of_a_day_are(warehouse: Warehouse) -> None:
    add_videos(warehouse, *(video(f"v{number}") for number in range(5)))
    done_task(warehouse, "v0", "a0")
    task(warehouse, "v1", accepted(), settled(state="failed"))
    task(warehouse, "v2", accepted())
    task(warehouse, "v3")

    text = shown(warehouse, "tasks")["funnel"]

    assert text.startswith("videos 5, submitted 3, settled 2, failed 1, landed 0\n\n")
    assert words(svg(text)) == ["videos 5", "submitted 3", "settled 2", "failed 1", "landed 0"]


def test_durations_are_of_tasks_that_are_over(warehouse: Warehouse) -> None:
    seconds = [2, 5, 8, 300]
    add_videos(warehouse, *(video(f"v{number}") for number in range(6)))
    for number, took in enumerate(seconds):
        task(warehouse, f"v{number}", accepted(), settled(seconds=took))
    task(warehouse, "v4", accepted())
    task(warehouse, "v5", accepted(), settled(state="lost", seconds=90_000))

    text = shown(warehouse, "tasks")["durations"]

    assert text.startswith("median 6.5 s, 95 % within 4.3 min, fastest 2 s, slowest 5 min (4 settled)\n\n")
    assert words(svg(text)) == ["to 3 s: 1", "to 10 s: 2", "to 30 s: 0", "to 1 min: 0", "to 3 min: 0", "to 10 min: 1"]


def test_a_task_that_took_long_or_ended_before_it_began_has_a_bar(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v0"), video("v1"))
    task(warehouse, "v0", accepted(seconds=5), settled(seconds=9, settled_at=at(0)))  # by another clock
    task(warehouse, "v1", accepted(), settled(seconds=80_000))

    text = shown(warehouse, "tasks")["durations"]

    assert "fastest 0 s, slowest 22 h" in text
    assert (words(svg(text))[0], words(svg(text))[-1]) == ("to 3 s: 1", "longer: 1")


def test_a_day_before_its_submissions_has_neither_funnel_nor_durations(warehouse: Warehouse) -> None:
    add_videos(warehouse, video())

    assert shown(warehouse, "tasks") == {}
    assert list(shown(warehouse, "videos")) == ["preview", "rows_in_sql"]


def test_charts_of_a_day_of_millions_are_shown_at_once() -> None:
    figures = "x" * 120
    chart = [charts.Bar(f"submitted {10**7:,}", 10**7, colour) for colour in charts.COLOURS[:5]]
    histogram = [charts.Bar(f"to 10 min: {10**6:,}", 10**6) for _ in range(8)]

    for drawn in (chart, histogram):
        assert len(f"{figures}\n\n{markdown.picture(charts.bars(drawn), 'chart')}") <= markdown.INLINE


def test_the_map_shows_each_embedding_with_its_video_and_modality(warehouse: Warehouse) -> None:
    land_vectors(warehouse, "https://videos.test/a.mp4", "https://videos.test/b.mp4")
    day = shown(warehouse, "vectors")

    assert list(day) == ["funnel", "embeddings", "map", "map_large", "preview", "rows_in_sql"]
    assert day["map"].startswith("` clip `: 8 vectors of 3 dimensions, ")
    assert len(day["map"]) <= markdown.INLINE
    assert words(svg(day["map_large"])) == ["a.mp4", "b.mp4", "image"]
    dots = [path.get("d", "") for path in svg(day["map_large"]).iter("{http://www.w3.org/2000/svg}path")]
    assert sum(path.count("M") for path in dots) == 8 + 3
    assert svg(day["map"]).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_map_of_the_same_rows_is_the_same(warehouse: Warehouse) -> None:
    land_vectors(warehouse, *(f"https://videos.test/{name}.mp4" for name in "abcdefgh"))

    first, again = (shown(warehouse, "vectors")["map_large"] for _ in range(2))

    assert first == again
    assert words(svg(first))[6:] == ["other videos", "image"]


def test_the_map_is_of_the_named_vector_with_the_most_rows_and_of_some_of_them(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixpeek_assets.defs.pictures._MAPPED", 5)
    land_vectors(warehouse, "https://videos.test/a.mp4", count=7)
    land(warehouse, "vectors", *(feature_reply(f"w{number}", {"words": [number]}) for number in range(4)))

    day = shown(warehouse, "vectors")

    assert "` clip `: 7 vectors" in day["map"]
    assert unquote(day["map_large"]).count("M") == 5 + 2


@pytest.mark.parametrize(
    "vectors",
    [
        [[1, 2], [3, 4]],
        [[1, 2]] * 5,
        [[0, 0]] * 5,
    ],
    ids=["two", "the same", "zero"],
)
def test_embeddings_that_do_not_differ_have_no_map(warehouse: Warehouse, vectors: list[list[float]]) -> None:
    land(warehouse, "vectors", *(feature_reply(f"f{n}", {"clip": vector}) for n, vector in enumerate(vectors)))

    assert "map" not in shown(warehouse, "vectors")
    assert "preview" in shown(warehouse, "vectors")


@pytest.mark.parametrize(
    "vectors",
    [
        [[3e38, 3e38], [-3e38, 1], [1e-38, 0], [0, 0]],
        [[1], [-1], [1]],
        [[1, 1], [2, 2], [-3, -3]],
    ],
    ids=["huge and tiny", "one dimension", "on a line"],
)
def test_any_finite_embeddings_that_differ_have_a_map(warehouse: Warehouse, vectors: list[list[float]]) -> None:
    land(warehouse, "vectors", *(feature_reply(f"f{n}", {"clip": vector}) for n, vector in enumerate(vectors)))

    assert "nan" not in shown(warehouse, "vectors")["map"]
    assert svg(shown(warehouse, "vectors")["map_large"]) is not None


def test_embeddings_that_are_not_sound_are_left_out_of_the_map(warehouse: Warehouse) -> None:
    land_vectors(warehouse, "https://videos.test/a.mp4")
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.vectors SELECT * REPLACE (feature_id || '-bad' AS feature_id,"
            " ['nan'::FLOAT, 1, 1] AS embedding) FROM mixpeek.vectors"
        )
        connection.execute(
            "INSERT INTO mixpeek.vectors SELECT * REPLACE (feature_id || '-short' AS feature_id,"
            " [1::FLOAT] AS embedding) FROM mixpeek.vectors WHERE NOT ends_with(feature_id, '-bad')"
        )

    assert unquote(shown(warehouse, "vectors")["map_large"]).count("M") == 4 + 2


def images(text: str) -> list[str]:
    return [element.get("href", "") for element in svg(text).iter("{http://www.w3.org/2000/svg}image")]


def test_the_map_shows_each_picture_of_the_local_api_once(warehouse: Warehouse, tmp_path: Path) -> None:
    land_vectors(warehouse, "https://videos.test/a.mp4", count=9)
    (tmp_path / PREVIEW).write_bytes(JPEG)

    assert images(shown(warehouse, "vectors", tmp_path)["map_large"]) == [
        f"data:image/jpeg;base64,{base64.b64encode(JPEG).decode()}"
    ]
    assert images(shown(warehouse, "vectors")["map_large"]) == []


@pytest.mark.parametrize(
    ("preview_url", "content"),
    [
        ("file:///etc/passwd", JPEG),
        ("file:///x/../secret.txt", JPEG),
        ("https://videos.test/0.jpg", JPEG),
        (f"file:///x/{PREVIEW}", b"root:x:0:0"),
        (f"file:///x/{PREVIEW}", JPEG + b"x" * 60_000),
        (f"file:///x/{'f' * 32}.jpg", JPEG),
        ({"a": 1}, JPEG),
        (None, JPEG),
    ],
    ids=["any file", "a path", "a URL", "no picture", "too large", "gone", "no text", "none"],
)
def test_no_other_file_that_a_server_names_is_shown(
    warehouse: Warehouse, tmp_path: Path, preview_url: object, content: bytes
) -> None:
    land_vectors(warehouse, "https://videos.test/a.mp4", payload={"preview_url": preview_url})
    (tmp_path / PREVIEW).write_bytes(content)
    (tmp_path / "secret.txt").write_bytes(JPEG)

    assert images(shown(warehouse, "vectors", tmp_path)["map_large"]) == []


def test_a_map_with_pictures_is_small_enough_for_an_event(warehouse: Warehouse, tmp_path: Path) -> None:
    payloads = [f"{number:032x}.jpg" for number in range(12)]
    for name in payloads:
        (tmp_path / name).write_bytes(JPEG + b"x" * 12_000)
    add_videos(warehouse, video())
    listed = [feature(f"f{n}", payload={"preview_url": name}) for n, name in enumerate(payloads)]
    land(warehouse, "assets", asset_reply("a1", *listed))
    land(warehouse, "vectors", *(feature_reply(f"f{n}", {"clip": [n, 1, n * n]}) for n in range(12)))

    text = shown(warehouse, "vectors", tmp_path)["map_large"]

    assert len(images(text)) == 3
    assert len(text) < 70_000


def every_token(text: str) -> Iterator[Token]:
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        yield token
        yield from token.children or []


def assert_is_only_ours(text: str) -> None:
    """Markdown in which every picture is an SVG of ours, and every link leads to a video."""
    for token in every_token(text):
        assert token.type not in ("html_block", "html_inline", "heading_open", "strong_open", "table_open")
        if token.type == "image":
            source = str(token.attrs["src"])
            assert source.startswith("data:image/svg+xml,")
            assert tags(svg(f"![map](<{source}>)")) <= {"svg", "rect", "g", "path", "text"}
        if token.type == "link_open":
            assert re.match(r"https?://videos\.test/[^?]*#t=\d", str(token.attrs["href"]))


@given(st.text() | st.sampled_from([*NAMES.values()]))
def test_a_text_of_anybody_stays_a_text(text: str) -> None:
    inline = list(every_token(markdown.code(text)))
    assert [token.type for token in inline if token.type not in ("inline", "paragraph_open", "paragraph_close")] == [
        "code_inline"
    ]

    drawn = markdown.picture(charts.card(9, 9, [charts.texts([charts.text(1, 2, text)])]), "map")
    assert_is_only_ours(drawn)
    assert "\n" not in drawn
    assert len(words(svg(drawn))) == 1

    link = markdown.link(text, f"https://videos.test/{text}#t=1.0".replace("?", ""))
    assert_is_only_ours(link)
    assert [token.type for token in every_token(link) if token.type == "link_open"] == ["link_open"]


@given(st.text() | st.text("\\\\`*_~<>[]()!&#;a ") | st.sampled_from([*NAMES.values()]))
@example("__0_")
def test_a_sentence_with_a_text_of_anybody_stays_a_sentence(text: str) -> None:
    said = f"1 of 2 failed: {as_text(text)}"
    tokens = list(every_token(f"1 of 2 failed: {markdown.plain(as_text(text))}"))

    assert {token.type for token in tokens} == {"paragraph_open", "inline", "text", "paragraph_close"}
    assert "".join(token.content for token in tokens if token.type == "text").rstrip() == said.rstrip()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_day_of_hostile_texts_is_markup_of_ours_alone(warehouse: Warehouse, name: str) -> None:
    add_videos(warehouse, video(url=f"https://videos.test/{name}", collection=name))
    task(warehouse, "v1", accepted(), settled(asset_id="a1", error={"message": name}, status=name))
    listed = [feature(f"{n}{name}", modality=name, description=name, payload={"preview_url": name}) for n in range(4)]
    land(warehouse, "assets", asset_reply("a1", *listed, error=name))
    vectors = (feature_reply(f"{n}{name}", {name: [n, n * n]}, modality=name) for n in range(4))
    land(warehouse, "vectors", *vectors)

    for table in TABLES:
        day = shown(warehouse, table, Path("/"))
        for value in day.values():
            if isinstance(value, str):
                assert_is_only_ours(value)
        assert table != "vectors" or "map_large" in day


def test_metadata_of_a_day_can_be_stored(warehouse: Warehouse) -> None:
    land_vectors(warehouse, "https://videos.test/a.mp4")

    for table in TABLES:
        (page,) = ask(warehouse, lambda reader, table=table: day_metadata(reader, table, [DAY])).values()
        event = dg.AssetMaterialization(table, metadata=page)
        assert dg.deserialize_value(dg.serialize_value(event)) == event
