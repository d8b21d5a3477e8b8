"""The key is nowhere: not in a table, a log, an event, a page of the UI, a file or what a command prints.

The server of these tests repeats the key in everything that it says, so each place has had its chance.
"""

import html
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.entities import html5
from pathlib import Path
from random import Random
from string import ascii_letters, digits
from typing import Any
from urllib.parse import quote

import dagster as dg
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.errors import SubmissionOutcomeUnknownError, UnaddressableError, UnreadableReplyError
from mixpeek_assets.api.redact import KeyMask
from mixpeek_assets.definitions import defs
from mixpeek_assets.defs import tasks
from mixpeek_assets.settings import SettingsError, load_settings
from tests.fakes.mixpeek import KEY, Answer, ScriptedMixpeek, scripted_mixpeek
from tests.fakes.pipeline import TODAY
from tests.fakes.project import Project
from tests.security.echoing_api import ECHO, ESCAPED, FIRST, LATE, SPELLINGS, denial, forms, teach

QUERIES = Path(__file__).with_name("ui.graphql").read_text(encoding="utf-8")
WAIT_SECONDS = 120
MANY = settings(max_examples=300, deadline=None)
MASKED = b"***"


@dataclass(frozen=True)
class Failed:
    """A project after runs that failed in several ways, and what the commands said."""

    project: Project
    said: dict[str, str]


@pytest.fixture(scope="module")
def echoing() -> Iterator[ScriptedMixpeek]:
    with scripted_mixpeek() as server:
        teach(server)
        yield server


@pytest.fixture(scope="module")
def failed(echoing: ScriptedMixpeek, tmp_path_factory: pytest.TempPathFactory) -> Failed:
    """A run in which calls of every kind fail, one that is denied while it polls, and the other commands."""
    project = Project(tmp_path_factory.mktemp("project"))
    settings = {"API_KEY": KEY, "API_URL": echoing.url, "REQUESTS_PER_MINUTE": "6000", "VIDEOS": "list.csv"}
    lines = [f"MIXPEEK_{name}={value}" for name, value in settings.items()]
    (project.folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    said = {}

    def command(*arguments: str) -> None:
        process = project.command(*arguments)
        said[" ".join(arguments)] = process.stdout + process.stderr

    list_ = project.folder / "list.csv"
    list_.write_text("\n".join(["url", *FIRST]), encoding="utf-8")
    command("run")
    list_.write_text("\n".join(["url", *FIRST, LATE]), encoding="utf-8")
    echoing.script("^GET /tasks/(?!0000)", denial(), for_ever=True)
    command("run", "--retry-failed")
    command("status")
    results = [{"feature_id": "text-***", "score": 0.5}, {"feature_id": KEY, "score": 0.4}]
    echoing.script("^POST /features/search", Answer({"results": results}))
    command("search", "a lighthouse")
    echoing.script("^POST /features/search", Answer(f'{{"detail": "{ESCAPED}"}}'.encode(), 422))
    command("search", "another lighthouse")
    echoing.script("^GET /tasks/0000", denial(), for_ever=True)
    command("doctor")
    return Failed(project, said)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ui:
    """Dagster's UI as its pages see it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: dict[str, bytes] = {}

    def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """Run an operation of `ui.graphql`, and keep the bytes of the reply."""
        body = {"query": QUERIES, "operationName": operation, "variables": variables}
        reply = requests.post(f"{self.url}/graphql", json=body, timeout=60)
        said = reply.json()
        assert "errors" not in said, said["errors"]
        self.replies[f"{operation} {variables}"] = reply.content
        return said["data"]

    def ticks(self) -> list[dict[str, Any]]:
        """Every tick of the sensors so far."""
        found = self.ask("Code")["workspaceOrError"]["locationEntries"]
        repositories = [one for entry in found for one in (entry["locationOrLoadError"] or {}).get("repositories", [])]
        return [tick for one in repositories for sensor in one["sensors"] for tick in sensor["sensorState"]["ticks"]]


@pytest.fixture(scope="module")
def ui(failed: Failed) -> Iterator[Ui]:
    """The UI beside the daemon, once a sensor's tick has failed."""
    project, port = failed.project, free_port()
    process = project.start(project.folder / "dev.log", "dev", "--port", str(port), "--host", "127.0.0.1")
    ui = Ui(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _has_failed_tick(ui):
            assert time.monotonic() < deadline, (project.folder / "dev.log").read_text()
            time.sleep(0.5)
        yield ui
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def _has_failed_tick(ui: Ui) -> bool:
    try:
        return any(tick["status"] == "FAILURE" for tick in ui.ticks())
    except requests.RequestException:
        return False  # not up yet


def test_no_command_prints_it(failed: Failed) -> None:
    for command, said in failed.said.items():
        assert [form for form in forms() if form in said.encode()] == [], command
        assert "Traceback" not in said, command
        assert "***" in said, f"{command} has had no chance"


def test_no_page_of_the_ui_shows_it(ui: Ui) -> None:
    runs = ui.ask("Runs")["runsOrError"]["results"]
    assert {run["status"] for run in runs} >= {"FAILURE", "SUCCESS"}
    captured = [event for run in runs for event in run["eventConnection"]["events"] if event.get("logKey")]
    assert captured
    for event in captured:
        ui.ask("ComputeLogs", key=event["logKey"])
    nodes = ui.ask("Assets")["assetNodes"]
    assert len(nodes) == 11
    for node in nodes:
        for check in node["assetChecksOrError"]["checks"]:
            ui.ask("Check", asset={"path": node["assetKey"]["path"]}, name=check["name"])
    assert any("***" in json.dumps(tick["error"]) for tick in ui.ticks())
    ui.ask(
        "EnvironmentVariables",
        repository={"repositoryName": "__repository__", "repositoryLocationName": "mixpeek_assets"},
    )
    ui.ask("Deployment")

    for operation, reply in ui.replies.items():
        assert [form for form in forms() if form in reply] == [], operation
    for operation in ("Runs", "Assets", "Check", "Code"):
        replies = [reply for name, reply in ui.replies.items() if name.startswith(operation)]
        assert any(MASKED in reply for reply in replies), f"{operation} has had no chance"


def test_no_file_of_the_project_holds_it_but_the_one_of_the_user(failed: Failed, ui: Ui) -> None:
    # The UI and the daemon are still at work, so a file may vanish while it is looked for.
    holders = []
    files = [file for file in failed.project.folder.rglob("*") if file.is_file()]
    for file in files:
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue
        if any(form in content for form in forms()):
            holders.append(file.name)
    assert holders == [".env"]
    folders = {file.relative_to(failed.project.folder).parts[:2] for file in files}
    for looked_at in (
        ("data", "rate_limit"),
        ("data", "landing"),
        ("dagster_home", "history"),
        ("dagster_home", "storage"),
    ):
        assert looked_at in folders


def test_no_cell_of_a_table_holds_it(failed: Failed) -> None:
    project = failed.project
    columns = project.sql("SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal")
    assert len(columns) > 60
    masked = set()
    unwanted = [form.decode() for form in forms()]
    for schema, table, column in columns:
        found = project.sql(
            "SELECT count(*) FILTER (len(list_filter($1::VARCHAR[], lambda form: contains(cell, form))) > 0),"
            f' count(*) FILTER (contains(cell, $2)) FROM (SELECT "{column}"::VARCHAR AS cell FROM {schema}."{table}")',
            [unwanted, MASKED.decode()],
        )
        assert found[0][0] == 0, (table, column)
        masked |= {(table, column)} if found[0][1] else set()
    had_their_chance = {
        ("tasks", "error"),
        ("assets", "payload"),
        ("assets", "metadata"),
        ("assets", "url"),
        ("features", "feature_id"),
        ("features", "text"),
        ("features", "payload"),
        ("features", "modality"),
        ("vectors", "vector_name"),
        ("rejects", "reason"),
        ("rejects", "excerpt"),
    }
    assert had_their_chance <= masked


def masked(said: dict[str, Any], key: SecretStr) -> dict[str, Any]:
    """What is read of a reply, whichever way its characters are written."""
    plainly, escaped = json.dumps(said).encode(), json.dumps(said).replace("e", "\\u0065").encode()
    utf_16 = json.dumps(said).encode("utf-16")
    plain, *others = (KeyMask(key).reply(said, content) for content in (plainly, escaped, utf_16))
    assert all(other == plain for other in others)
    return plain


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"text": f"a {KEY} b", KEY: 1}, {"text": "a *** b", "***": 1}),
        ({"list": [{"deep": [KEY, 1.5, None, True]}]}, {"list": [{"deep": ["***", 1.5, None, True]}]}),
        ({"text": KEY[:-1]}, {"text": KEY[:-1]}),
    ],
)
def test_it_is_masked_wherever_a_reply_holds_it(said: dict[str, Any], read: dict[str, Any]) -> None:
    assert masked(said, SecretStr(KEY)) == read


@pytest.mark.parametrize("key", ['quote"backslash\\', "12345678", "slash/and+more=="])
def test_a_key_of_any_characters_is_masked_in_texts_and_changes_no_number(key: str) -> None:
    said = {"text": f"<{key}>", "number": 12345678, "float": 0.12345678, "plain": '\\ and " and /'}
    assert masked(said, SecretStr(key)) == said | {"text": "<***>"}


ENCODERS: list[Callable[[str, Callable[[], bool]], str]] = [
    lambda text, chosen: _written(text, "\\", lambda character: f"\\u{ord(character):04x}", chosen),
    lambda text, chosen: _written(text, "\\", lambda character: f"\\u{ord(character):04X}", chosen),
    lambda text, _: json.dumps(text)[1:-1].replace("/", "\\/"),
    lambda text, chosen: _written(text, "&", lambda character: f"&#{ord(character)};", chosen),
    lambda text, chosen: _written(text, "&", lambda character: f"&#X{ord(character):04x};", chosen),
    lambda text, _: html.escape(text),
    lambda text, _: "".join(NAMES.get(character, character) for character in text),
    lambda text, chosen: _written(text, "%", lambda character: f"%{ord(character):02x}", chosen),
    lambda text, chosen: _written(text, "%", lambda character: f"%{ord(character):02X}", chosen),
    lambda text, _: quote(text),
]
"""Each writes some of a text's characters in another way, its own sign among them."""

NAMES = {character: f"&{name}" for name, character in html5.items() if name.endswith(";") and len(character) == 1}


def _written(text: str, sign: str, write: Callable[[str], str], chosen: Callable[[], bool]) -> str:
    return "".join(write(character) if character == sign or chosen() else character for character in text)


TOKENS = st.text(st.sampled_from(f"{ascii_letters}{digits}-._~+/="), min_size=8, max_size=24)
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=24)


@MANY
@given(TOKENS, st.lists(st.sampled_from(ENCODERS), max_size=4), st.randoms(use_true_random=False))
def test_a_key_is_masked_in_any_composition_of_encodings_and_nothing_else_is(
    key: str, encoders: list[Callable[[str, Callable[[], bool]], str]], random: Random
) -> None:
    mask, spelled = KeyMask(SecretStr(key)), key
    for encoder in encoders:
        spelled = encoder(spelled, lambda: random.random() < 0.5)

    assert mask.text(f" {spelled} ") == " *** "
    said = {"text": f"a {spelled} b", spelled: [{"deep": spelled}], "number": 1.5, "none": None}
    expected = {"text": "a *** b", "***": [{"deep": "***"}], "number": 1.5, "none": None}
    assert mask.reply(said, json.dumps(said).encode()) == expected
    assert mask.reply(said, json.dumps(said, ensure_ascii=False).encode()) == expected


@MANY
@given(KEYS, st.lists(st.sampled_from(ENCODERS), max_size=3), st.booleans())
def test_a_key_that_looks_like_an_encoding_itself_is_masked_in_any_of_them(
    key: str, encoders: list[Callable[[str, Callable[[], bool]], str]], everything: bool
) -> None:
    spelled = key
    for encoder in encoders:
        spelled = encoder(spelled, lambda: everything)
    assert KeyMask(SecretStr(key)).text(f" {spelled} ") == " *** "


@MANY
@given(
    st.lists(
        st.text(max_size=5)
        | st.sampled_from(["%", "%25", "&amp;", "&#", "\\", "\\u005f", "\0", KEY[:-1], KEY[1:], ESCAPED[:-6], "***"]),
        max_size=6,
    )
)
def test_a_text_without_the_key_comes_back_unchanged(parts: list[str]) -> None:
    text = "!".join(parts)
    said = {"text": text, text: [text, 0.5]}
    assert KeyMask(SecretStr(KEY)).text(text) == text
    assert KeyMask(SecretStr(KEY)).reply(said, json.dumps(said).encode()) == said


def test_every_echo_is_masked_where_it_stands() -> None:
    mask = KeyMask(SecretStr(KEY))
    assert mask.text(ECHO) == ", ".join(["***"] * (len(SPELLINGS) + 1))
    assert mask.text("\0".join(f"to {KEY}!")) == "t\0o\0 \0***\0!"


def test_a_text_that_is_too_long_to_be_searched_place_by_place_is_not_kept() -> None:
    assert KeyMask(SecretStr(KEY)).text("x" * (2 << 20) + ESCAPED) == "***"


def test_a_word_that_is_set_for_a_server_without_keys_is_no_secret() -> None:
    said = {"text": "this is a test"}
    assert masked(said, SecretStr("test")) == said


@pytest.fixture
def client(mixpeek: ScriptedMixpeek) -> Iterator[AssetsClient]:
    with AssetsClient(mixpeek.url, SecretStr(KEY)) as client:
        yield client


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"feature_id": "f", "text": "{ESCAPED}", "{ESCAPED}": 1, "n": NaN}}'.encode(),
        json.dumps({"feature_id": "f", "text": KEY, KEY: 1}).encode("utf-16"),
    ],
    ids=["escapes", "UTF-16"],
)
def test_it_is_masked_however_it_was_written(client: AssetsClient, mixpeek: ScriptedMixpeek, raw: bytes) -> None:
    mixpeek.script("^GET /features/written", Answer(raw))
    feature = client.get_feature("written").feature
    assert feature["text"] == "***"
    assert feature["payload"].keys() == {"feature_id", "text", "***"}


def test_a_reply_that_is_nested_too_deeply_is_refused(client: AssetsClient, mixpeek: ScriptedMixpeek) -> None:
    deep = Answer(b'{"task_id": "t", "x": ' + b"[" * 500 + b"]" * 500 + b"}")
    mixpeek.script("deep|POST /ingest", deep, for_ever=True)
    with pytest.raises(UnreadableReplyError, match="cannot be kept"):
        client.get_task("deep")
    with pytest.raises(SubmissionOutcomeUnknownError, match="cannot be kept"):
        client.submit_video("http://videos.test/deep.mp4", "films")


@pytest.mark.parametrize("object_id", [".", ".."])
def test_an_id_that_would_lead_to_another_path_is_not_asked_for(
    client: AssetsClient, mixpeek: ScriptedMixpeek, object_id: str
) -> None:
    before = len(mixpeek.requests)
    with pytest.raises(UnaddressableError, match="such an id cannot be part of a URL"):
        client.get_asset(object_id)
    assert len(mixpeek.requests) == before


def test_the_traceback_of_a_bug_does_not_show_it(
    environment: Path, mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(client: AssetsClient, *_: object, **__: object) -> None:
        raise RuntimeError(f"a bug near {client!r}, {vars(client)!r}, {load_settings()!r}")

    monkeypatch.setenv("MIXPEEK_API_KEY", KEY)
    monkeypatch.setenv("MIXPEEK_API_URL", mixpeek.url)
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    Path("list.csv").write_text("url\nhttp://videos.test/a.mp4\n")
    monkeypatch.setattr(tasks, "submit_videos", bug)
    job = defs().get_repository_def().get_job("mixpeek_ingest")

    result = job.execute_in_process(instance=instance, raise_on_error=False, partition_key=TODAY.isoformat())

    events = [str(record) for record in instance.all_logs(result.run_id)]
    assert any("a bug near" in event and "submit_videos(" in event for event in events)
    assert [event for event in events if KEY in event] == []


def test_a_url_with_a_password_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_API_URL", "https://user:word-that-is-secret@api.test")
    with pytest.raises(SettingsError, match="MIXPEEK_API_URL: must not contain a name or password") as caught:
        load_settings()
    assert "word-that-is-secret" not in str(caught.value)
    assert "user" not in str(caught.value)
