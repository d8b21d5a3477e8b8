"""Landing files: whole lines, whoever dies, and never those of a writer who is alive."""

from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.warehouse import landing_files
from mixpeek_assets.warehouse.landing_files import Kind, LandingFile
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.processes import append_until_disk_is_full, run, running, until, write_and_stay
from tests.warehouse.rows import asset_reply, at, event, feature_reply, file_of, intend, write


def lines(file: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def test_a_file_is_there_for_the_loader_once_it_is_closed(tmp_path: Path) -> None:
    with LandingFile(tmp_path / "landing", "tasks") as file:
        file.append({"video_id": "v1", "seen_at": at(0)})
        file.append({"video_id": "v2"})
        assert landing_files.pending(tmp_path / "landing") == []
        assert names(tmp_path / "landing") == [".part"]
    [closed] = landing_files.pending(tmp_path / "landing")
    assert closed.suffix == ".ndjson"
    assert landing_files.kind_of(closed) == "tasks"
    assert lines(closed) == [{"video_id": "v1", "seen_at": "2026-11-01T12:00:00+00:00"}, {"video_id": "v2"}]


def test_a_line_is_on_its_way_to_the_disk_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    with LandingFile(tmp_path, "tasks") as file:
        file.append({"video_id": "v1"})
        [part] = tmp_path.glob("*.part")
        assert lines(part) == [{"video_id": "v1"}]
        assert file.size == part.stat().st_size


def test_a_tab_stands_before_a_features_embeddings_and_nowhere_else(tmp_path: Path) -> None:
    reply = feature_reply("a\tb", {"dense\t": [1, 0.5]}, payload={"dense": {"x": '\t,"dense":{'}}, text="\t")
    file = write(tmp_path, "vectors", reply)
    assert lines(file) == [orjson.loads(orjson.dumps(reply))]
    [rest, embeddings] = file.read_bytes().split(b"\t")
    assert orjson.loads(rest + b"}") == {key: value for key, value in lines(file)[0].items() if key != "dense"}
    assert embeddings == b',"dense":{"dense\\t":[1,0.5]}}\n'


@pytest.mark.parametrize("room", [10, 10_000])
def test_room_that_was_reserved_is_written_to_and_what_is_left_of_it_cut_off(tmp_path: Path, room: int) -> None:
    with LandingFile(tmp_path, "tasks") as file:
        file.append({"video_id": "v1"})
        file.reserve(room)
        [part] = tmp_path.glob("*.part")
        assert part.stat().st_size == file.size + room
        file.append({"video_id": "v2"})
    [closed] = landing_files.pending(tmp_path)
    assert lines(closed) == [{"video_id": "v1"}, {"video_id": "v2"}]
    assert closed.stat().st_size == file.size


def test_room_alone_leaves_no_file(tmp_path: Path) -> None:
    with LandingFile(tmp_path, "tasks") as file:
        file.reserve(10_000)
    assert list(tmp_path.iterdir()) == []


def test_a_file_to_which_nothing_was_written_vanishes(tmp_path: Path) -> None:
    with LandingFile(tmp_path, "assets"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_kept_although_its_writer_raises(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), LandingFile(tmp_path, "assets") as file:
        file.append({"asset_id": "a1"})
        raise ZeroDivisionError
    [kept] = landing_files.pending(tmp_path)
    assert lines(kept) == [{"asset_id": "a1"}]


def test_what_is_no_json_is_refused_and_spoils_no_line(tmp_path: Path) -> None:
    with LandingFile(tmp_path, "tasks") as file:
        file.append({"video_id": "v1"})
        with pytest.raises(TypeError):
            file.append({"video_id": object()})
        file.append({"video_id": "v2"})
    assert [line["video_id"] for line in lines(landing_files.pending(tmp_path)[0])] == ["v1", "v2"]


@pytest.mark.slow
def test_a_live_writers_file_is_left_to_it(tmp_path: Path) -> None:
    with running(write_and_stay, tmp_path, "tasks", [event("v1")], b'{"video_id": "v', tmp_path / "ready"):
        until((tmp_path / "ready").exists)
        [part] = tmp_path.glob("*.part")
        written = part.read_bytes()
        for _ in range(3):
            assert landing_files.pending(tmp_path) == []
        assert part.read_bytes() == written


# The longest is more than is read at a time in the search for the last whole line; zeros are room that was reserved.
@pytest.mark.slow
@pytest.mark.parametrize("half_line", [b"", b'{"video_id": "v', b'{"text": "' + b"x" * 2_500_000, bytes(10_000)])
def test_a_killed_writers_file_is_saved_to_its_last_whole_line(tmp_path: Path, half_line: bytes) -> None:
    told = [event(f"v{number}") for number in range(3)]
    with running(write_and_stay, tmp_path, "tasks", told, half_line, tmp_path / "ready") as writer:
        until((tmp_path / "ready").exists)
        writer.kill()
        writer.join()
    [saved] = landing_files.pending(tmp_path)
    assert saved.suffix == ".ndjson"
    assert [line["video_id"] for line in lines(saved)] == ["v0", "v1", "v2"]
    assert landing_files.pending(tmp_path) == [saved]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.slow
def test_a_killed_writers_file_without_a_whole_line_vanishes(tmp_path: Path) -> None:
    with running(write_and_stay, tmp_path, "vectors", [], b'{"feature_id": "f', tmp_path / "ready") as writer:
        until((tmp_path / "ready").exists)
        writer.kill()
        writer.join()
    assert landing_files.pending(tmp_path) == []
    assert not list(tmp_path.glob("vectors-*"))


@pytest.mark.slow
def test_what_a_killed_writer_had_written_is_loaded(warehouse: Warehouse, tmp_path: Path) -> None:
    intend(warehouse, "v1")
    told, ready = [event("v1", state="open", task_id="t1")], tmp_path / "ready"
    with running(write_and_stay, warehouse.landing_folder, "tasks", told, b'{"video_id": "v1", "sta', ready) as writer:
        until(ready.exists)
        assert warehouse.load_pending().files == 0
        writer.kill()
        writer.join()
    assert warehouse.load_pending().files == 1
    assert ask(warehouse, Reader.open_tasks).tasks == 1


def test_files_are_loaded_tasks_first_then_assets_then_vectors_each_in_the_order_of_their_beginning(
    tmp_path: Path,
) -> None:
    kinds: list[Kind] = ["vectors", "assets", "tasks", "vectors", "tasks", "assets"]
    reply = {"vectors": feature_reply(), "assets": asset_reply(), "tasks": event()}
    written = [(kind, write(tmp_path, kind, reply[kind])) for kind in kinds]
    expected = [file for wanted in ("tasks", "assets", "vectors") for kind, file in written if kind == wanted]
    assert landing_files.pending(tmp_path) == expected


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    ours = write(tmp_path, "tasks", {"video_id": "v1"})
    others = [tmp_path / name for name in ("notes.ndjson", "tasks.ndjson", "tasks-1.bad", "readme.txt")]
    for other in others:
        other.write_text("{}\n")
    assert landing_files.pending(tmp_path) == [ours]
    assert all(other.read_text() == "{}\n" for other in others)


def test_a_landing_zone_that_is_not_there_has_nothing_pending(tmp_path: Path) -> None:
    assert landing_files.pending(tmp_path / "none") == []


@pytest.mark.file
def test_nothing_pending_makes_no_warehouse(unmade_warehouse: Warehouse) -> None:
    assert unmade_warehouse.load_pending().files == 0
    assert not file_of(unmade_warehouse).exists()


@given(sizes=st.lists(st.integers(1, 120), max_size=12), limit=st.integers(1, 200))
def test_batches_keep_the_order_and_are_as_large_as_the_limit_allows(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limit: int
) -> None:
    folder = tmp_path_factory.mktemp("landing")
    files = [folder / f"tasks-{number:02}.ndjson" for number in range(len(sizes))]
    for file, size in zip(files, sizes, strict=True):
        file.write_bytes(b"x" * size)
    batches = list(landing_files.batches(files, limit))
    assert [file for batch in batches for file in batch] == files
    weights = [[file.stat().st_size for file in batch] for batch in batches]
    assert all(len(batch) == 1 or sum(batch) <= limit for batch in weights)
    assert all(sum(batch) + following[0] > limit for batch, following in pairwise(weights))


@pytest.mark.slow
def test_a_disk_that_is_full_costs_the_line_that_did_not_fit_and_no_other(tmp_path: Path) -> None:
    folder, answer = tmp_path / "landing", tmp_path / "answer"
    run(append_until_disk_is_full, folder, answer)
    [file] = landing_files.pending(folder)
    kept = lines(file)
    assert len(kept) == int(answer.read_text()) > 2
    assert [len(str(line["status"])) for line in kept] == [900] * (len(kept) - 1) + [5]
