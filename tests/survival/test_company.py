"""Many at once on one project: no error, no row lost or twice, nothing submitted twice, and waits that end."""

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets import clock
from mixpeek_assets.cli.project import dagster_instance
from mixpeek_assets.defs.run_requests import partitions_to_ingest, range_tags
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import SubmissionRules, Warehouse
from tests.defs.test_sensors import tick
from tests.fakes.commands import Command
from tests.fakes.mixpeek import ScriptedMixpeek, Video
from tests.fakes.pipeline import add_videos, submit
from tests.fakes.project import Project
from tests.fakes.videos import upsert
from tests.survival.concurrent_processes import ended, hold, ingest_and_land, side_by_side, write_on
from tests.warehouse.asking import ask
from tests.warehouse.processes import until

log = logging.getLogger(__name__)

WRITERS, TIMES = 20, 4
DAYS = ("2026-01-05", "2026-01-06")
POST, DETAIL = "POST /ingest/", "GET /features/"
URLS = [f"http://videos.test/{number}.mp4" for number in range(6)]


@pytest.fixture
def project(environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose manifest names videos of two days, and which is this process' own too."""
    rows = "".join(f"{url},{DAYS[number % 2]}\n" for number, url in enumerate(URLS))
    (environment / "list.csv").write_text(f"url,added_at\n{rows}")
    for number, url in enumerate(URLS):
        features = [mixpeek.feature("video", url, start_time=float(place)) for place in range(5)]
        mixpeek.videos[url] = Video(["PROCESSING", "DONE"][number % 2 :], {"video": features})
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    monkeypatch.setenv("DAGSTER_HOME", str(environment / "dagster_home"))
    return Project(environment)


def each_landed_once(project: Project, mixpeek: ScriptedMixpeek) -> None:
    """See that every video was submitted once, and each of its features landed once and fetched once."""
    assert Counter(request.body["url"] for request in mixpeek.asked(POST)) == dict.fromkeys(URLS, 1)
    assert set(Counter(request.path for request in mixpeek.asked(DETAIL)).values()) == {1}
    assert project.sql("SELECT count(*), count(landed_at) FROM mixpeek.tasks") == [(6, 6)]
    assert project.sql("SELECT count(*), count(DISTINCT feature_id) FROM mixpeek.features") == [(30, 30)]
    assert project.sql("SELECT count(*), count(DISTINCT feature_id) FROM mixpeek.vectors") == [(30, 30)]
    assert project.sql("SELECT count(*) FROM mixpeek.rejects") == [(0,)]


@contextmanager
def started(project: Project, output: Path) -> Iterator[Command]:
    """Have `mixpeek-assets run` at work, which is killed at the end."""
    process = project.start(output, "run")
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def longest(waits: Path) -> float:
    return max(float(file.read_text()) for file in waits.iterdir())


def test_twenty_processes_that_write_at_once_lose_no_row_and_each_has_its_turn(
    project: Project, warehouse: Warehouse, tmp_path: Path
) -> None:
    ask(warehouse, Reader.table_counts)
    waits = tmp_path / "waits"
    waits.mkdir()
    began = time.monotonic()

    with side_by_side(
        write_on, dict(os.environ), [(f"w{number}", TIMES, waits) for number in range(WRITERS)]
    ) as writers:
        assert ended(writers) == [0] * WRITERS

    log.info("%d writers: %.1f s, the longest wait %.1f s", WRITERS, time.monotonic() - began, longest(waits))
    assert project.sql("SELECT count(*), count(DISTINCT feature_id) FROM mixpeek.vectors") == [(80, 80)]
    assert project.sql("SELECT count(*), count(DISTINCT video_id) FROM mixpeek.videos") == [(80, 80)]
    assert not list(warehouse.landing_folder.glob("*-*"))


@contextmanager
def reading(project: Project) -> Iterator[int]:
    """Have a user's session read the file, for the block or until `let go`; yield its process id."""
    with side_by_side(hold, dict(os.environ), [()]) as [reader]:
        until((project.folder / "reading").exists)
        assert reader.pid is not None
        yield reader.pid


def let_go(project: Project) -> None:
    (project.folder / "let go").touch()


def wait_until_it_waits(run: Command, output: Path, reader: int) -> None:
    """Wait until a run has said that it waits for the reader."""

    def says_so() -> bool:
        assert run.poll() is None, output.read_text()
        return f"(process {reader}) has it open" in output.read_text()

    until(says_so, 120)


def test_a_run_waits_for_a_reader_and_says_so_in_its_events_and_then_finishes(
    project: Project, mixpeek: ScriptedMixpeek
) -> None:
    add_videos(URLS[:1])
    submit()
    output = project.folder / "run.log"
    with reading(project) as reader, started(project, output) as process:
        wait_until_it_waits(process, output, reader)
        with dagster_instance() as instance:
            [run] = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
            said = [entry.user_message for entry in instance.all_logs(run.run_id) if not entry.is_dagster_event]
        let_go(project)
        assert process.wait(120) == 0, output.read_text()

    assert [line for line in said if line.startswith(f"Waiting for {Path.cwd()}") and f"(process {reader})" in line]
    each_landed_once(project, mixpeek)


def test_status_and_query_answer_and_a_tick_names_the_reader_while_a_run_waits_for_it(
    project: Project, mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixpeek_assets.defs.task_sensor.TICK_WAREHOUSE_SECONDS", 0.3)
    mixpeek.videos[URLS[0]].statuses = ["DONE"]
    add_videos(URLS[:1])
    submit()
    output = project.folder / "run.log"
    with reading(project) as reader, started(project, output) as run:
        wait_until_it_waits(run, output, reader)
        with dagster_instance() as instance:
            # The first leaves a reply to be loaded, which the later ones find.
            skipped = [tick("task_status_sensor", instance, warehouse) for _ in range(5)]
        status, query = project.command("status"), project.command("query", "SELECT 6 * 7 AS answer")
        assert run.poll() is None, output.read_text()
        let_go(project)
        assert run.wait(120) == 0, output.read_text()

    for result in skipped:
        assert f"(process {reader})" in str(result.skipped)
    assert (status.returncode, query.returncode) == (0, 0), status.stderr + query.stderr
    assert f"(process {reader})" in status.stdout, "replies wait to be loaded, and it says for whom"
    assert "1 pending: the API is processing them" in status.stdout
    assert "42" in query.stdout
    each_landed_once(project, mixpeek)


def test_two_runs_of_the_command_line_at_once_share_the_work(project: Project, mixpeek: ScriptedMixpeek) -> None:
    outputs = [project.folder / f"run-{number}.log" for number in range(2)]
    with ExitStack() as stack:
        processes = [stack.enter_context(started(project, output)) for output in outputs]
        codes = [process.wait(180) for process in processes]

    told = "".join(output.read_text() for output in outputs)
    assert codes == [0, 0], told
    assert "locked" not in told
    assert "Traceback" not in told
    each_landed_once(project, mixpeek)


class Overtaken(Warehouse):
    """A warehouse into which another run puts the manifest's videos right after it was first asked something."""

    overtaken = False

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with super().reader() as reader:
            yield reader
        if not self.overtaken:
            self.overtaken = True
            with read_manifest(load_settings()) as manifest:
                days = [date.fromisoformat(day) for day in DAYS]
                upsert(self, manifest, days, clock.now(), "another run")


def test_a_run_that_another_overtakes_while_it_plans_still_sees_what_is_to_be_submitted(
    project: Project, warehouse: Warehouse
) -> None:
    overtaken = Overtaken(warehouse.site, timeout=30)
    with read_manifest(load_settings()) as manifest:
        planned = partitions_to_ingest(overtaken, manifest, rules=SubmissionRules(), now=clock.now())

    assert [day.isoformat() for day in planned] == list(DAYS)


def test_the_sensor_ticks_on_while_others_load(
    project: Project, mixpeek: ScriptedMixpeek, warehouse: Warehouse, tmp_path: Path
) -> None:
    mixpeek.videos[URLS[0]] = Video(["PROCESSING"])
    add_videos(URLS[:1])
    submit()
    waits = tmp_path / "waits"
    waits.mkdir()
    ticks = list[float]()
    writers_args = [(f"w{number}", 8, waits) for number in range(6)]
    with dagster_instance() as instance, side_by_side(write_on, dict(os.environ), writers_args) as writers:
        while any(writer.is_alive() for writer in writers):
            began = time.monotonic()
            result = tick("task_status_sensor", instance, warehouse)
            assert result.requested == []
            ticks.append(time.monotonic() - began)
        assert ended(writers) == [0] * len(writers)

    log.info("%d ticks, the longest %.1f s; the writers' longest wait %.1f s", len(ticks), max(ticks), longest(waits))
    assert len(ticks) > 1
    assert project.sql("SELECT count(*), count(DISTINCT feature_id) FROM mixpeek.vectors") == [(48, 48)]
    assert project.sql("SELECT polls = ? FROM mixpeek.tasks", [len(mixpeek.asked("GET /tasks"))]) == [(True,)]


def test_a_tick_gives_way_to_a_session_that_does_not_end_and_keeps_what_it_has_read(
    project: Project, mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixpeek_assets.defs.task_sensor.TICK_WAREHOUSE_SECONDS", 0.3)
    mixpeek.videos[URLS[0]].statuses = ["DONE"]
    add_videos(URLS[:1])
    submit()
    with dagster_instance() as instance:
        with reading(project) as reader:
            result = tick("task_status_sensor", instance, warehouse)
            assert f"(process {reader})" in str(result.skipped)
        result = tick("task_status_sensor", instance, warehouse)

    assert len(result.requested) == 1
    assert len(mixpeek.asked("GET /tasks")) == 1


def test_a_schedules_run_and_a_backfills_run_of_the_same_partition_at_once_do_it_once(
    project: Project, mixpeek: ScriptedMixpeek
) -> None:
    for video in mixpeek.videos.values():
        video.statuses = ["DONE"]
    scheduled = {"dagster/schedule_name": "daily_ingest", "dagster/partition": DAYS[0]}
    backfill = {"dagster/backfill": "a", **range_tags(*map(date.fromisoformat, DAYS))}
    with dagster_instance() as instance:
        with side_by_side(ingest_and_land, dict(os.environ), [(scheduled,), (backfill,)]) as workers:
            assert ended(workers) == [0, 0]
        runs = instance.get_runs()
        assert Counter((run.job_name, run.status.value) for run in runs) == {
            ("mixpeek_ingest", "SUCCESS"): 2,
            ("mixpeek_land", "SUCCESS"): 2,
        }

    each_landed_once(project, mixpeek)
