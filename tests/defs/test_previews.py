"""The tables, links and queries that show a day's rows."""

from collections.abc import Callable

import dagster as dg
import pytest

from mixpeek_assets.defs import markdown, previews
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.schema import TABLE, TableName
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.rows import (
    DAY,
    NEXT_DAY,
    accepted,
    add_videos,
    asset_reply,
    done_task,
    feature,
    feature_reply,
    land,
    query,
    settled,
    task,
    video,
)

SHOWN: tuple[TableName, ...] = ("videos", "tasks", "assets", "features", "vectors")


def cells(shown: dg.TableMetadataValue) -> list[dict[str, str]]:
    """The cells of a table, with the spaces and hyphens of a keyboard."""
    plain = str.maketrans("\N{NO-BREAK SPACE}\N{NON-BREAKING HYPHEN}", " -")
    return [
        {name: "" if value is None else str(value).translate(plain) for name, value in record.data.items()}
        for record in shown.records
    ]


def preview(warehouse: Warehouse, table: TableName) -> list[dict[str, str]]:
    """What is shown of a table's rows of the day."""
    return cells(ask(warehouse, lambda reader: previews.previews(reader, table, [DAY]))[DAY])


def land_video(warehouse: Warehouse, name: str, *, url: str | None = None, day: object = DAY, **fields: object) -> None:
    """Land a video with one feature and its vector."""
    assert day in (DAY, NEXT_DAY)
    on = DAY if day == DAY else NEXT_DAY
    add_videos(warehouse, video(name, url=url or f"https://videos.test/{name}.mp4"), day=on)
    done_task(warehouse, name, f"a-{name}", day=on)
    found = feature(f"f-{name}", **{"start_time": 19.333, "description": "a lighthouse", **fields})
    land(warehouse, "assets", asset_reply(f"a-{name}", found, video_id=name, day=on))
    vectors = feature_reply(f"f-{name}", {"clip": [1, 2]}, asset_id=f"a-{name}", video_id=name, day=on)
    land(warehouse, "vectors", vectors)


@pytest.mark.parametrize("table", SHOWN)
def test_each_day_shows_rows_of_its_own_and_a_day_without_rows_nothing(warehouse: Warehouse, table: TableName) -> None:
    land_video(warehouse, "first")
    land_video(warehouse, "second", day=NEXT_DAY)
    days = [DAY, NEXT_DAY, NEXT_DAY.replace(day=3)]

    shown = ask(warehouse, lambda reader: previews.previews(reader, table, days))

    assert {day: [row["video"] for row in cells(found)] for day, found in shown.items()} == {
        DAY: ["first.mp4"],
        NEXT_DAY: ["second.mp4"],
    }


@pytest.mark.parametrize("table", SHOWN)
def test_a_row_begins_with_its_video_and_ends_with_its_id_in_seven_columns(
    warehouse: Warehouse, table: TableName
) -> None:
    land_video(warehouse, "first")

    columns = list(preview(warehouse, table)[0])

    assert columns[0] == "video"
    assert columns[-1].endswith("_id")
    assert not [name for name in columns[:-1] if name.endswith("_id")]
    assert len(columns) <= 7


def test_a_feature_says_when_and_what_was_found(warehouse: Warehouse) -> None:
    land_video(warehouse, "first")

    assert preview(warehouse, "features") == [
        {"video": "first.mp4", "at": "0:19.3", "modality": "image", "found": "a lighthouse", "feature_id": "f-first"}
    ]
    assert preview(warehouse, "vectors")[0] == {
        "video": "first.mp4",
        "at": "0:19.3",
        "modality": "image",
        "vector": "clip",
        "found": "a lighthouse",
        "feature_id": "f-first",
    }


def test_no_cell_is_long_or_has_more_than_one_line(warehouse: Warehouse) -> None:
    long = "word\r\n\u2028" * 100
    land_video(warehouse, "first", url=f"https://videos.test/{long}.mp4", description=long, modality=long)

    rows = [row for table in SHOWN for row in preview(warehouse, table)]

    assert max(len(cell) for row in rows for cell in row.values()) <= 60
    assert [cell for row in rows for cell in row.values() if len(cell.splitlines()) > 1] == []


def test_only_the_text_of_a_row_may_wrap(warehouse: Warehouse) -> None:
    land_video(warehouse, "first", url="https://videos.test/a long-name.mp4", description="two words")

    (record,) = ask(warehouse, lambda reader: previews.previews(reader, "features", [DAY]))[DAY].records

    assert [name for name, cell in record.data.items() if set(" -") & set(str(cell))] == ["found"]


def test_tasks_that_failed_come_first_with_their_reason(warehouse: Warehouse) -> None:
    names = [f"v{number}" for number in range(9)]
    add_videos(warehouse, *map(video, names))
    for name in names:
        failed = {"state": "failed", "error": {"message": "no video that FFmpeg can read"}} if name == "v3" else {}
        task(warehouse, name, accepted(name), settled(name, seconds=12, **failed))

    rows = preview(warehouse, "tasks")

    assert len(rows) == 5
    assert rows[0] == {
        "video": "v3.mp4",
        "state": "failed",
        "reason": "no video that FFmpeg can read",
        "attempt": "1",
        "took": "12 s",
        "task_id": "task-v3",
    }
    assert {row["state"] for row in rows[1:]} == {"done"}


def test_a_resubmitted_video_shows_its_last_task(warehouse: Warehouse) -> None:
    add_videos(warehouse, video())
    task(warehouse, "v1", accepted(), settled(state="failed"))
    task(warehouse, "v1", accepted(), settled(), attempt=2)

    assert [(row["attempt"], row["state"]) for row in preview(warehouse, "tasks")] == [("2", "done")]


def test_rows_without_their_video_are_shown(warehouse: Warehouse) -> None:
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}))

    assert [(row["video"], row["feature_id"]) for row in preview(warehouse, "vectors")] == [("", "f1")]


def test_embeddings_are_counted_by_name_modality_and_dimension(warehouse: Warehouse) -> None:
    for number in range(3):
        land(warehouse, "vectors", feature_reply(f"f{number}", {"clip": [1, 2], **({} if number else {"words": [1]})}))
    sparse = feature_reply("f9", sparse={"splade": {"indices": [1], "values": [1.0]}}, modality=None)
    land(warehouse, "vectors", sparse)

    shown = ask(warehouse, lambda reader: previews.embeddings(reader, [DAY, NEXT_DAY]))

    assert set(shown) == {DAY}
    assert [tuple(row.values()) for row in cells(shown[DAY])] == [
        ("clip", "image", "3", "2"),
        ("splade", "", "1", ""),
        ("words", "image", "1", "1"),
    ]


@pytest.mark.parametrize("table", TABLE)
def test_the_query_that_is_shown_returns_the_rows_of_the_day(warehouse: Warehouse, table: TableName) -> None:
    land_video(warehouse, "first")
    land_video(warehouse, "second", day=NEXT_DAY)
    shown = previews.rows_sql(table, DAY).value
    assert shown is not None
    assert len(shown) <= markdown.INLINE

    rows = query(warehouse, shown.removeprefix("```sql\n").removesuffix("\n```"))

    assert len(rows) == (0 if table == "rejects" else 1)
    assert all("https://videos.test/first.mp4" in row for row in rows)


def links(warehouse: Warehouse) -> str | None:
    found = ask(warehouse, lambda reader: previews.moments(reader, [DAY]))
    return found[DAY].value if found else None


def test_a_moment_of_a_video_on_the_web_is_a_link_to_its_second(warehouse: Warehouse) -> None:
    land_video(warehouse, "first", url="https://videos.test/a b&lt;).mp4")

    assert links(warehouse) == "[` a b&lt;).mp4 0:19.3 `](<https://videos.test/a%20b%26lt;).mp4#t=19.3>)"


@pytest.mark.parametrize(
    "url",
    [
        "https://videos.test/a.mp4?X-Amz-Signature=secret",
        "https://user:secret@videos.test/a.mp4",
        "file:///tmp/a.mp4",
        "javascript:alert(1)",
        "s3://bucket/a.mp4",
    ],
)
def test_a_video_behind_a_secret_or_not_on_the_web_has_no_link(warehouse: Warehouse, url: str) -> None:
    land_video(warehouse, "first", url=url)

    assert links(warehouse) is None
    assert "secret" not in str([preview(warehouse, table) for table in SHOWN])


@pytest.mark.parametrize(("start", "second"), [(None, "0:00.0"), (-1.0, None)])
def test_a_moment_without_a_time_is_the_beginning_and_one_before_it_is_none(
    warehouse: Warehouse, start: float | None, second: str | None
) -> None:
    land_video(warehouse, "first", start_time=start)

    shown = links(warehouse)

    assert shown is None if second is None else second in str(shown)


def test_there_are_no_more_links_than_the_page_shows_at_once(warehouse: Warehouse) -> None:
    for number in range(5):
        land_video(warehouse, f"v{number}", url=f"https://videos.test/{number}{'é' * 60}.mp4")

    shown = links(warehouse)

    assert shown is not None
    assert len(shown) <= markdown.INLINE
    assert shown.count("](<https://") == 2


def test_no_days_give_nothing(warehouse: Warehouse) -> None:
    questions: list[Callable[[Reader], object]] = [
        lambda reader: previews.embeddings(reader, []),
        lambda reader: previews.moments(reader, []),
        *(lambda reader, table=table: previews.previews(reader, table, []) for table in SHOWN),
    ]

    assert [ask(warehouse, question) for question in questions] == [{}] * 7
