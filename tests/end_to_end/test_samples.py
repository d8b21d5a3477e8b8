"""The packaged samples through the whole chain: a real server, real decoding, a real instance, a real DuckDB file."""

import base64
import io
import re
import shutil
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
from PIL import Image

from mixpeek_local.samples import FOLDER
from mixpeek_local.samples.scenes import CLIPS
from tests.fakes.project import ROOT, Project


def likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A project in which the samples were run, and what that printed."""
    project = Project(tmp_path_factory.mktemp("samples"), is_new=True)
    for name in [name for name in project.environment if name.startswith(("MIXPEEK_", "DAGSTER_"))]:
        del project.environment[name]
    process = project.script("run")
    assert process.returncode == 0, process.stdout + process.stderr
    return project, process.stdout


@pytest.fixture(scope="module")
def documents_run(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the samples were run in the style of today."""
    project = Project(tmp_path_factory.mktemp("documents"), is_new=True)
    for name in [name for name in project.environment if name.startswith(("MIXPEEK_", "DAGSTER_"))]:
        del project.environment[name]
    project.environment["MIXPEEK_API_STYLE"] = "documents"
    process = project.script("run")
    assert process.returncode == 0, process.stdout + process.stderr
    return project


@pytest.fixture(scope="module")
def project(first_run: tuple[Project, str]) -> Project:
    return first_run[0]


def test_every_table_has_rows_that_belong_together(project: Project) -> None:
    counts = project.sql(
        "SELECT (SELECT count(*) FROM mixpeek.videos), (SELECT count(*) FROM mixpeek.tasks WHERE state = 'done'),"
        " (SELECT count(*) FROM mixpeek.assets), (SELECT count(*) FROM mixpeek.rejects)"
    )

    assert counts == [(5, 5, 5, 0)]
    modalities = project.sql("SELECT modality, count(*) FROM mixpeek.features GROUP BY ALL ORDER BY ALL")
    texts = dict(modalities).pop("text")
    assert modalities == [("audio", 16), ("image", 16), ("text", texts), ("video", 16)]
    assert project.sql("SELECT count(*) FROM mixpeek.vectors ANTI JOIN mixpeek.features USING (feature_id)") == [(0,)]


def test_a_frame_finds_the_same_scene_first_in_its_own_video_and_in_the_other_that_shows_it(project: Project) -> None:
    found = project.sql(
        """
        WITH image AS (
            SELECT vector.feature_id, vector.embedding, feature.start_time, video.url
            FROM mixpeek.vectors_image AS vector
            JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
            JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
            WHERE vector.modality = 'image'
        )
        SELECT parse_filename(one.url), one.start_time,
            arg_max(parse_filename(two.url), array_cosine_similarity(one.embedding, two.embedding)),
            arg_max(two.start_time, array_cosine_similarity(one.embedding, two.embedding)),
            max(array_cosine_similarity(one.embedding, two.embedding))
        FROM image AS one JOIN image AS two ON one.feature_id != two.feature_id GROUP BY ALL
        """
    )
    nearest = {(video, start): (other, place, likeness) for video, start, other, place, likeness in found}

    # The sea at sunset is the first ten seconds of one clip and the last ten of another.
    (sea,) = [key for key in nearest if key[0] == "harbour.mp4" and key[1] < 10]
    other, place, likeness = nearest[sea]
    assert other == "city.mp4"
    assert place > 20
    assert likeness > max(value for key, (_, _, value) in nearest.items() if key not in (sea, (other, place)))


def test_what_is_said_and_shown_lands_as_text_with_its_second(project: Project) -> None:
    for clip in CLIPS:
        landed = project.sql(
            f"""
            SELECT start_time, end_time, text, payload->>'source' FROM mixpeek.features
            JOIN mixpeek.videos USING (video_id) WHERE url LIKE '%{clip.file}' AND features.modality = 'text'
            """
        )
        for said in clip.said:
            heard = [text for start, end, text, source in landed if source == "speech" and start < said.end < end + 3]
            assert any(likeness(said.text, text) > 0.6 for text in heard), (said, landed)
        for shown in clip.shown:
            read = [text for start, end, text, source in landed if source == "screen" and start < shown.end]
            assert any(shown.text.lower() in text.lower() for text in read), (shown, landed)


def test_a_second_run_does_nothing_and_takes_seconds_not_minutes(project: Project) -> None:
    before = project.sql("SELECT max(loaded_at) FROM mixpeek.vectors")

    process = project.command("run")

    assert process.returncode == 0
    assert "Nothing new" in process.stdout
    assert project.sql("SELECT max(loaded_at) FROM mixpeek.vectors") == before


def test_the_runs_are_on_the_instance_that_the_ui_shows(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(project.folder / "dagster_home"))

    with dg.DagsterInstance.get() as instance:
        assert {run.job_name for run in instance.get_runs()} == {"mixpeek_ingest", "mixpeek_land"}
        assert instance.get_materialized_partitions(dg.AssetKey(["mixpeek", "vectors"]))


def test_bad_videos_fail_with_the_reason_and_the_good_ones_land(environment: Path) -> None:
    project = Project(environment)
    clips = environment / "clips"
    clips.mkdir()
    shutil.copy(FOLDER / "harbour.mp4", clips / "good.mp4")
    whole = (FOLDER / "harbour.mp4").read_bytes()
    (clips / "cut.mp4").write_bytes(whole[: len(whole) // 50])
    (clips / "text.mp4").write_text("I am no video")
    (clips / "empty.mp4").write_bytes(b"")

    # Without models, what is not broken is done sooner.
    process = project.command("run", "--videos", "clips", MIXPEEK_MODELS=str(environment / "none"))

    assert process.returncode == 1
    assert "Traceback" not in process.stdout + process.stderr
    states = project.sql(
        "SELECT parse_filename(url), state, error IS NOT NULL FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id)"
        " ORDER BY 1"
    )
    assert states == [
        ("cut.mp4", "failed", True),
        ("empty.mp4", "failed", True),
        ("good.mp4", "done", False),
        ("text.mp4", "failed", True),
    ]
    assert project.sql("SELECT count(*) > 0 FROM mixpeek.vectors") == [(True,)]


def test_every_documented_query_gives_what_the_documents_say(project: Project) -> None:
    pages = [(ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/queries.md")]
    queries = [query for page in pages for query in re.findall(r"```sql\n(.*?)```", page, flags=re.DOTALL)]
    found = {query.splitlines()[0].removeprefix("-- "): project.sql(query) for query in queries}

    def of(beginning: str) -> list[Any]:
        (rows,) = (rows for title, rows in found.items() if title.startswith(beginning))
        return rows

    assert {(name, modality): dimensions for name, modality, _, dimensions in of("What was landed")} == {
        ("audio", "audio"): 1024,
        ("image", "image"): 512,
        ("image", "video"): 512,
        ("multimodal", "audio"): 384,
        ("multimodal", "image"): 384,
        ("multimodal", "text"): 384,
        ("multimodal", "video"): 384,
        ("text", "audio"): 384,
        ("text", "text"): 384,
        ("text", "video"): 384,
    }
    similar = of("The moments that are most like the first frame")
    assert {"harbour.mp4", "city.mp4"} <= {video for *_, video in similar}
    assert len(similar) == 3
    assert {video for *_, video in of("Where is it said, written or seen?")} == {"lesson.mp4"}
    assert {video for video, *_ in of("Where is soup shown, or written of?")} == {"lesson.mp4"}
    nearest = [likeness for _, likeness in of("Any vector of your own")]
    assert nearest[0] == 1.0, "a vector is nearest to itself"
    assert nearest == sorted(nearest, reverse=True)
    assert of("Each named vector of one dimension") == [("FLOAT[512]", 32)]
    pairs = of("Pairs of nearly identical moments")
    assert {frozenset((video, other)) for video, _, other, *_ in pairs} == {frozenset(("harbour.mp4", "city.mp4"))}
    assert of("What went wrong, why") == of("The reasons") == of("The funnel of each day") == []
    assert {(video, state) for video, state, *_ in of("How long the API took")} == {
        (clip.file, "done") for clip in CLIPS
    }


def test_the_run_ends_with_searches_by_words_that_find_the_right_second(first_run: tuple[Project, str]) -> None:
    found = first_run[1].partition("Find moments by words:")[2]

    assert re.search(r'search "a lighthouse at night"\n.*\n\s*[\d.]+\s+harbour\.mp4\s+0:1\d\.\d', found), found
    # The bees are in the second ten seconds, and nobody says pollination.
    assert re.search(r'search "pollination of flowers"\n.*\n\s*[\d.]+\s+talk\.mp4\s+0:1\d\.\d\s+text', found), found


def test_words_find_the_second_of_the_video_in_the_warehouse(project: Project) -> None:
    process = project.command("search", "a lighthouse at night", "--modality", "image", "--limit", "1", "--sql")

    assert process.returncode == 0, process.stderr
    hit, thumbnail = process.stdout.splitlines()[1:3]
    score, video, moment, modality = hit.split()[:4]
    assert Path(thumbnail.strip()).is_file()
    assert (video, modality) == ("harbour.mp4", "image")
    assert re.search(r"looks like .*lighthouse 0\.\d\d", hit), hit
    assert re.fullmatch(r"0:1\d\.\d", moment), "the sea is before it, the reef after it"
    statement = re.search(r"SELECT.*;", process.stdout, re.DOTALL)
    assert statement is not None
    [(value, _, start, *_)] = project.sql(statement[0])
    assert f"{value:.3f}" == score
    assert 10 <= start < 20


def test_words_of_which_the_videos_have_nothing_get_one_sentence(documents_run: Project) -> None:
    process = documents_run.command("search", "quarterly tax form")

    assert process.returncode == 0, process.stderr
    assert re.fullmatch(r"Nothing like it: the nearest, \w+\.mp4 at [\d:.]+, scores 0\.\d+, .*\n", process.stdout)


def test_without_its_models_the_search_says_what_is_missing(project: Project) -> None:
    process = project.command("search", "a lighthouse at night", MIXPEEK_MODELS=str(project.folder / "none"))

    assert process.returncode == 1
    assert "`multimodal` cannot be searched by words." in process.stderr
    assert "Traceback" not in process.stderr


def test_the_notebook_runs_from_top_to_bottom_and_shows_the_frames_of_its_hits(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from examples import explore  # the packages of a notebook take seconds to import

    monkeypatch.chdir(project.folder)

    outputs, defined = explore.app.run()

    assert defined["funnel"].to_dict("records") == [{"videos": 5, "pending": 0, "landed": 5, "failed": 0}]
    assert any("Nothing failed" in getattr(output, "text", "") for output in outputs)
    best = defined["hits"].iloc[0]
    assert best["video"] == "harbour.mp4"
    assert 10 <= best["start_time"] < 20
    [shown] = [found for output in outputs if (found := frames(getattr(output, "text", "")))]
    assert len(shown) == len(defined["hits"]) == 4
    night, *others = [picture.mean() for picture in shown if picture.std() > 20]
    assert len(others) == 3, "no frame is blank"
    assert night < max(others)
    places = defined["places"]
    assert len(places) == project.sql("SELECT count(*) FROM mixpeek.vectors WHERE vector_name = 'multimodal'")[0][0]
    assert set(places["modality"]) == {"audio", "image", "text", "video"}
    assert set(places["video"]) == {clip.file for clip in CLIPS}
    assert explore.frame(str(project.folder / "gone.mp4"), 0.0, 1.0) == ""


def frames(html: str) -> list[np.ndarray]:
    """The pictures that are in a page."""
    jpegs = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(jpeg))).convert("L")) for jpeg in jpegs]


LANDED = """
    SELECT parse_filename(video.url), video.collection, feature.modality, feature.start_time, feature.end_time,
        feature.text, feature.transcription, feature.description, feature.metadata,
        (
            SELECT list([vector_name, dimensions::VARCHAR, embedding::VARCHAR] ORDER BY vector_name)
            FROM mixpeek.vectors AS vector WHERE vector.feature_id = feature.feature_id
        )
    FROM mixpeek.features AS feature JOIN mixpeek.videos AS video USING (video_id)
    ORDER BY ALL
"""


def test_both_styles_of_the_api_land_the_same_texts_and_named_vectors(project: Project, documents_run: Project) -> None:
    assert documents_run.sql(LANDED) == project.sql(LANDED)

    assets = """
        SELECT parse_filename(video.url), asset.modality, asset.metadata, asset.file_hash, asset.feature_count
        FROM mixpeek.assets AS asset JOIN mixpeek.videos AS video USING (video_id) ORDER BY ALL
    """
    assert documents_run.sql(assets) == project.sql(assets)
    tasks = "SELECT DISTINCT starts_with(task_id, 'btch_'), api, state, credits > 0 FROM mixpeek.tasks"
    assert documents_run.sql(tasks) == [(True, "local documents", "done", True)]
