"""`plan`, `retry` and what `status` says to do: seeing what went wrong, and having it done again."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner

from mixpeek_assets.cli.main import cli
from tests.fakes.mixpeek import KEY, Answer, ScriptedMixpeek, Video
from tests.fakes.project import Project

FIRST, SECOND = "http://videos.test/first.mp4", "http://videos.test/second.mp4"
POST = "^POST /ingest"


class InProcess(Project):
    """A project whose commands are run in this process: none of this is about processes, and each costs seconds."""

    def command(self, *arguments: str, **environment: str) -> CompletedProcess[str]:
        # What the command line sets for its process is not to outlive the call.
        own = {"COLUMNS": "160", "DAGSTER_HOME": str(self.folder / "dagster_home")}
        result = CliRunner().invoke(cli, arguments, env={**own, **environment})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def project(environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with two videos, and a scripted API."""
    (environment / "list.csv").write_text(f"url\n{FIRST}\n{SECOND}\n")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    return InProcess(environment)


def states(project: Project) -> list[tuple[str, int, str, str]]:
    return project.sql(
        "SELECT parse_filename(url), attempt, state, why FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)"
        " ORDER BY ALL"
    )


def counts(mixpeek: ScriptedMixpeek) -> list[int]:
    return [len(mixpeek.asked(pattern)) for pattern in (POST, "^GET /tasks/[^0]", "^GET /assets", "^GET /features")]


def test_plan_tells_what_a_run_would_send_and_sends_nothing(project: Project, mixpeek: ScriptedMixpeek) -> None:
    (project.folder / "list.csv").write_text(f"url,added_at\n{FIRST},\n{SECOND},2026-01-31\n")

    first = project.command("plan", MIXPEEK_REQUESTS_PER_MINUTE="10")

    assert first.returncode == 0, first.stderr
    assert "list.csv: 2 videos. Nothing is submitted." in first.stdout
    assert ["submit", "2026-01-31", "new", "1"] in [line.split() for line in first.stdout.splitlines()]
    assert "2 requests can be sent now (0.2 minutes at 10 a minute). How many follow is not known yet" in first.stdout
    assert mixpeek.requests == []
    assert project.sql("SELECT count(*) FROM mixpeek.videos") == [(0,)], "not even the videos are taken on"

    project.command("run")
    before = len(mixpeek.requests)
    assert "No request is needed." in project.command("plan").stdout
    more = project.command("plan", MIXPEEK_FEATURE_EXTRACTORS='[{"interval_sec": 5}]')
    assert sum(line.startswith("submit") and "other extractors" in line for line in more.stdout.splitlines()) == 2
    assert (
        "2 requests can be sent now. With those that follow, it takes about 8 requests: so far, a video has 1.0"
        in more.stdout
    )
    assert len(mixpeek.requests) == before


def test_what_failed_is_submitted_again_on_request_and_by_reason(project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.videos[FIRST] = Video(["FAILED"], error="moov atom not found")
    mixpeek.videos[SECOND] = Video(["FAILED"], error="too long")
    project.command("run")
    del mixpeek.videos[FIRST]

    shown = project.command("retry", "--reason", "MOOV", "--dry-run")
    assert "1 to be submitted again (the API may bill it)" in shown.stdout
    assert "too long" not in shown.stdout
    assert len(mixpeek.asked(POST)) == 2

    retried = project.command("retry", "--reason", "MOOV")

    assert retried.returncode == 0, retried.stdout + retried.stderr
    assert "1 of 1 succeeded" in retried.stdout
    assert states(project) == [
        ("first.mp4", 1, "failed", "new"),
        ("first.mp4", 2, "done", "retry"),
        ("second.mp4", 1, "failed", "new"),
    ]
    assert project.sql("SELECT count(*) FROM mixpeek.vectors") == [(1,)]


def test_what_fails_again_is_told_and_the_exit_code_says_so(project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.videos[FIRST] = Video(["FAILED"], error="moov atom not found")
    project.command("run")

    retried = project.command("retry")

    assert retried.returncode == 1
    assert "0 of 1 succeeded.\n1 failed again, for the same reason as before." in retried.stdout
    assert retried.stdout.count("moov atom not found") == 1, "what was listed is not listed again"
    assert len(mixpeek.asked(POST)) == 3

    mixpeek.videos[FIRST] = Video(["FAILED"], error="too long")
    assert "too long" in project.command("retry").stdout.split("0 of 1 succeeded.")[1], "the reason is another one"


def test_a_reason_that_nothing_has_is_refused_with_those_that_there_are(
    project: Project, mixpeek: ScriptedMixpeek
) -> None:
    mixpeek.videos[FIRST] = Video(["FAILED"], error="moov atom not found")
    project.command("run")

    refused = project.command("retry", "--reason", "nonsense")

    assert (refused.returncode, refused.stdout) == (2, "")
    sentence = refused.stderr.splitlines()[-1]
    assert "nothing has the reason 'nonsense'" in sentence
    assert "failed, cancelled, lost, rejected, empty" in sentence
    assert "moov atom not found (1)" in sentence
    assert len(mixpeek.asked(POST)) == 2

    nothing = project.command("retry", "--reason", "lost")
    assert (nothing.returncode, nothing.stderr) == (0, ""), "a kind that nothing has now is no mistake"
    assert "Nothing to retry matches" in nothing.stdout


def test_plan_names_the_rows_that_cannot_be_used(project: Project) -> None:
    (project.folder / "list.csv").write_text(f"url,added_at\n{FIRST},\n{SECOND},soon\n")

    planned = project.command("plan")

    assert "list.csv: 1 video. Nothing is submitted." in planned.stdout
    assert "1 of 2 rows cannot be used and are left out; the first: list.csv row 2 added_at is soon" in planned.stdout


def test_what_was_lost_is_asked_for_again_and_paid_for_again_only_on_request(
    project: Project, mixpeek: ScriptedMixpeek
) -> None:
    mixpeek.videos[FIRST] = mixpeek.videos[SECOND] = Video(["PROCESSING"])
    lost = project.command("run", MIXPEEK_TASK_DEADLINE_HOURS="0.0001")
    assert lost.returncode == 1
    assert [state for _, _, state, _ in states(project)] == ["lost", "lost"]
    for _, video, _ in mixpeek.tasks.values():
        video.statuses = ["DONE"]

    asked = project.command("retry", "--video", "first", "--reason", "lost")

    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "1 to be polled again (free)" in asked.stdout
    assert states(project) == [("first.mp4", 1, "done", "new"), ("second.mp4", 1, "lost", "new")]
    assert len(mixpeek.asked(POST)) == 2

    mixpeek.videos.clear()
    paid = project.command("retry", "--pay-again")
    assert paid.returncode == 0, paid.stdout + paid.stderr
    assert states(project)[1:] == [("second.mp4", 1, "lost", "new"), ("second.mp4", 2, "done", "retry")]
    assert mixpeek.asked(POST)[-1].body["skip_duplicate"] is True


def test_what_was_rejected_is_fetched_again_and_nothing_else_is(project: Project, mixpeek: ScriptedMixpeek) -> None:
    features = [mixpeek.feature("video", "a", vectors={"clip": []}), mixpeek.feature("video", "b")]
    mixpeek.videos[FIRST] = Video(features={"video": features})
    project.command("run")
    rejected = features[0]["feature_id"]
    assert project.sql("SELECT object_id FROM mixpeek.rejects") == [(rejected,)]
    before = counts(mixpeek)
    mixpeek.vectors[rejected] = {"clip": [1.0]}

    retried = project.command("retry", "--reason", "rejected")

    assert retried.returncode == 0, retried.stdout + retried.stderr
    assert "1 of 1 succeeded" in retried.stdout
    assert [after - was for after, was in zip(counts(mixpeek), before, strict=True)] == [0, 0, 0, 1]
    assert project.sql("SELECT count(*) FROM mixpeek.rejects") == [(0,)]
    assert project.sql("SELECT count(DISTINCT feature_id) FROM mixpeek.vectors") == [(3,)]
    assert project.sql("SELECT count(*) FROM mixpeek.tasks WHERE landed_at IS NULL") == [(0,)]


def test_a_rejected_vector_of_a_feature_that_landed_in_part_is_fetched_again(
    project: Project, mixpeek: ScriptedMixpeek
) -> None:
    feature = mixpeek.feature("video", "a", vectors={"good": [1.0], "bad": ["x"]})
    mixpeek.videos[FIRST] = Video(features={"video": [feature]})
    project.command("run")
    mixpeek.vectors[feature["feature_id"]] = {"good": [1.0], "bad": [2.0]}

    assert "vector 'bad'" in project.command("retry", "--reason", "bad", "--dry-run").stdout
    assert project.command("retry", "--reason", "bad").returncode == 0

    assert project.sql("SELECT vector_name, embedding FROM mixpeek.vectors WHERE vector_name IN ('good', 'bad')") == [
        ("good", [1.0]),
        ("bad", [2.0]),
    ]


def test_an_asset_that_listed_nothing_is_read_again_when_it_is_asked_for(
    project: Project, mixpeek: ScriptedMixpeek
) -> None:
    mixpeek.videos[FIRST] = mixpeek.videos[SECOND] = Video(features={"video": []})
    project.command("run")
    assert "Nothing to retry matches" in project.command("retry").stdout
    for asset_id in mixpeek.assets:
        mixpeek.assets[asset_id] = Video(features={"video": [mixpeek.feature("video", "late")]})

    assert project.command("retry", "--reason", "empty").returncode == 0

    assert project.sql("SELECT count(*) FROM mixpeek.vectors") == [(2,)]


def test_retry_is_narrowed_by_partition_and_collection(project: Project, mixpeek: ScriptedMixpeek) -> None:
    (project.folder / "list.csv").write_text(
        f"url,collection,added_at\n{FIRST},films,2026-01-30\n{SECOND},talks,2026-01-31\n"
    )
    mixpeek.videos[FIRST] = mixpeek.videos[SECOND] = Video(["FAILED"], error="no")
    project.command("run")

    for option, value, other in (
        ("--partition", "2026-01-30", SECOND),
        ("--collection", "films", SECOND),
        ("--video", "SECOND.mp4", FIRST),
    ):
        shown = project.command("retry", option, value, "--dry-run").stdout
        assert "1 to be submitted again" in shown, option
        assert other not in shown, option


def test_what_is_only_marked_is_done_by_the_next_run(project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.videos[FIRST] = Video(["FAILED"], error="no")
    project.command("run")
    mixpeek.videos.clear()

    marked = project.command("retry", "--mark-only")
    assert "Marked" in marked.stdout
    assert len(mixpeek.asked(POST)) == 2

    assert project.command("run").returncode == 0
    assert len(mixpeek.asked(POST)) == 3
    assert project.command("run").returncode == 0
    assert len(mixpeek.asked(POST)) == 3, "it was asked for once"


def test_a_retry_that_is_denied_is_not_forgotten(project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.videos[FIRST] = Video(["FAILED"], error="no")
    project.command("run")
    mixpeek.videos.clear()
    mixpeek.script(POST, Answer({"error": "Unauthorized", "message": "Insufficient credits"}, 401))

    assert project.command("retry").returncode == 1
    assert states(project)[0] == ("first.mp4", 1, "failed", "new")

    assert project.command("run").returncode == 0
    assert states(project)[1] == ("first.mp4", 2, "done", "retry")


def test_status_says_what_to_do_about_each_thing(project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.videos[FIRST] = Video(["FAILED"], error="moov atom not found")
    mixpeek.videos[SECOND] = Video(features={"video": [mixpeek.feature("video", "a", vectors={"clip": []})] * 1})
    project.command("run")
    aside = project.folder / "data" / "landing" / "warehouse.duckdb" / "assets-1.bad"
    aside.write_text("nonsense")

    said = project.command("status").stdout

    assert "mixpeek-assets retry --reason failed" in said
    assert "mixpeek-assets retry --reason rejected" in said
    assert f"{aside} could not be loaded" in said
    assert "--reason lost" not in said
    elsewhere = project.command("status", MIXPEEK_API_URL="http://127.0.0.1:9")
    assert "were submitted to" not in elsewhere.stdout, "nothing of it waits for the other API"


def test_status_names_the_api_that_tasks_wait_for(project: Project, mixpeek: ScriptedMixpeek) -> None:
    mixpeek.script("^GET /tasks/[^0]", Answer({"error": "Unauthorized", "message": "no"}, 401), for_ever=True)
    project.command("run")

    said = project.command("status", MIXPEEK_API_URL="http://127.0.0.1:9").stdout

    assert f"2 tasks were submitted to {mixpeek.url}" in said
    assert KEY not in said
