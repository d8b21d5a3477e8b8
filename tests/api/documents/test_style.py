"""Which style a server speaks is asked once, and remembered; limits are those that the account has."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mixpeek_assets import clock
from mixpeek_assets.api.errors import MixpeekError, SetupError
from mixpeek_assets.chosen_api import api_name, find_style, known_style
from mixpeek_assets.connections import open_client
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.documents import KEY, Answer, ScriptedDocuments, scripted_documents
from tests.fakes.mixpeek import ScriptedMixpeek, scripted_mixpeek
from tests.fakes.pipeline import QUICK, add_videos, submit
from tests.pipeline.test_submit import urls

ME = "GET /v1/me"
LIMITS = {"metadata": 7, "data": 60, "search": 5, "upload": 9, "compute": 3}


@pytest.fixture
def auto(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The style is to be found out, and limits too."""
    monkeypatch.setenv("MIXPEEK_API_KEY", KEY)
    return monkeypatch


@pytest.fixture
def today(auto: pytest.MonkeyPatch) -> Iterator[ScriptedDocuments]:
    with scripted_documents() as server:
        auto.setenv("MIXPEEK_API_URL", server.url)
        yield server


@pytest.fixture
def era(auto: pytest.MonkeyPatch) -> Iterator[ScriptedMixpeek]:
    with scripted_mixpeek() as server:
        auto.setenv("MIXPEEK_API_URL", server.url)
        yield server


def limits() -> dict[str, int]:
    """How many requests a minute each category is allowed."""
    with open_client(load_settings(), QUICK) as client:
        return {name: limit.per_minute for name, limit in vars(client)["_limits"].items() if name}


@pytest.mark.slow
def test_a_server_of_today_is_asked_once(today: ScriptedDocuments) -> None:
    assert known_style(load_settings()) is None
    assert [find_style(load_settings()) for _ in range(3)] == ["documents"] * 3
    assert len(today.requests) == 1
    assert known_style(load_settings()) == "documents"
    assert api_name(load_settings()) == f"{today.url} documents"


@pytest.mark.slow
def test_a_server_of_the_guide_is_asked_once(era: ScriptedMixpeek) -> None:
    assert [find_style(load_settings()) for _ in range(3)] == ["assets"] * 3
    assert [request.method for request in era.requests] == ["GET", "GET"], "its probe, after what is today's"
    assert api_name(load_settings()) == era.url


@pytest.mark.slow
@pytest.mark.parametrize("body", [{}, {"detail": "ok"}, [], "<html>"])
def test_a_server_that_answers_every_path_is_not_taken_for_one_of_today(era: ScriptedMixpeek, body: object) -> None:
    era.script("^GET /v1/me$", Answer(body))

    assert find_style(load_settings()) == "assets"


@pytest.mark.slow
def test_each_address_and_each_key_is_remembered_for_itself(today: ScriptedDocuments, auto: pytest.MonkeyPatch) -> None:
    find_style(load_settings())
    with scripted_mixpeek() as other:
        auto.setenv("MIXPEEK_API_URL", other.url)
        assert known_style(load_settings()) is None
        assert find_style(load_settings()) == "assets"
    auto.setenv("MIXPEEK_API_URL", today.url)
    assert known_style(load_settings()) == "documents"
    auto.setenv("MIXPEEK_API_KEY", "sk_another")
    assert known_style(load_settings()) is None


@pytest.mark.slow
def test_neither_keys_nor_addresses_are_in_the_file(today: ScriptedDocuments) -> None:
    find_style(load_settings())
    content = load_settings().api_memory.read_text(encoding="utf-8")
    assert KEY not in content
    assert today.url not in content


@pytest.mark.slow
@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', "\x00"])
def test_a_file_that_cannot_be_read_is_asked_anew_and_replaced(today: ScriptedDocuments, content: str) -> None:
    file = load_settings().api_memory
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    assert find_style(load_settings()) == "documents"
    assert len(json.loads(file.read_text(encoding="utf-8"))) >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        {"asked_at": "never"},
        {"asked_at": 5},
        {"asked_at": "2026-01-01T00:00:00"},
        {"style": "poems"},
        {"per_minute": None},
        {"per_minute": {"data": "many"}},
    ],
)
def test_an_entry_that_was_changed_by_hand_is_asked_anew(today: ScriptedDocuments, fields: dict[str, object]) -> None:
    find_style(load_settings())
    file: Path = load_settings().api_memory
    ((account, entry),) = json.loads(file.read_text(encoding="utf-8")).items()
    file.write_text(json.dumps({account: {**entry, **fields}}), encoding="utf-8")
    assert find_style(load_settings()) == "documents"
    assert limits()["data"] == 100_000


@pytest.mark.slow
def test_it_is_asked_again_when_told(auto: pytest.MonkeyPatch) -> None:
    with scripted_mixpeek() as old:
        auto.setenv("MIXPEEK_API_URL", old.url)
        assert find_style(load_settings()) == "assets"
        port = int(old.url.rpartition(":")[2])
    with scripted_documents(port):
        assert find_style(load_settings()) == "assets", "as it was"
        assert find_style(load_settings(), again=True) == "documents"
        assert find_style(load_settings()) == "documents"


@pytest.mark.slow
def test_a_style_that_is_set_is_never_asked(today: ScriptedDocuments, auto: pytest.MonkeyPatch) -> None:
    auto.setenv("MIXPEEK_API_STYLE", "assets")
    assert find_style(load_settings(), again=True) == "assets"
    assert today.requests == []


@pytest.mark.slow
def test_a_server_that_answers_neither_is_an_error_and_nothing_is_remembered(today: ScriptedDocuments) -> None:
    today.script(ME, Answer(status=503), for_ever=True)
    with pytest.raises(MixpeekError, match="answered 503"):
        find_style(load_settings())
    assert known_style(load_settings()) is None
    today.unscript()
    assert find_style(load_settings()) == "documents"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["today", "era"])
def test_a_key_that_is_not_accepted_is_one_sentence_that_names_the_style(
    request: pytest.FixtureRequest, auto: pytest.MonkeyPatch, kind: str
) -> None:
    request.getfixturevalue(kind)
    auto.setenv("MIXPEEK_API_KEY", "sk_of_another_era")
    with pytest.raises(MixpeekError) as caught:
        find_style(load_settings())
    said = str(caught.value)
    assert "Invalid API key" in said
    assert "MIXPEEK_API_KEY" in said
    assert "MIXPEEK_API_STYLE" in said
    assert "\n" not in said


@pytest.mark.slow
@pytest.mark.parametrize("per_minute", ["0", None], ids=["limit is set", "limit is asked for"])
@pytest.mark.parametrize(("kind", "style"), [("era", "documents"), ("today", "assets")])
def test_a_server_of_the_other_style_is_one_sentence_that_names_the_setting(
    request: pytest.FixtureRequest,
    auto: pytest.MonkeyPatch,
    warehouse: Warehouse,
    kind: str,
    style: str,
    per_minute: str | None,
) -> None:
    request.getfixturevalue(kind)
    auto.setenv("MIXPEEK_API_STYLE", style)
    if per_minute is not None:
        auto.setenv("MIXPEEK_REQUESTS_PER_MINUTE", per_minute)
    add_videos(urls(1))
    with pytest.raises(MixpeekError, match="MIXPEEK_API_STYLE") as caught:
        submit()
    assert "\n" not in str(caught.value)
    with warehouse.database.connection(read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM mixpeek.tasks").fetchall() == [(0,)], "nothing was sent"


@pytest.mark.slow
def test_each_category_has_the_limit_that_the_account_has(today: ScriptedDocuments) -> None:
    today.rate_limits = dict(LIMITS)
    assert limits() == {"metadata": 7, "data": 60, "search": 5, "compute": 3}
    assert len(today.asked(ME)) == 1, "which style it is and how much it may ask is one question"


@pytest.mark.slow
@pytest.mark.parametrize("told", [None, {}, {"data": 60}, {"data": 60, "compute": 0, "search": None}])
def test_a_category_without_a_limit_has_the_smallest(today: ScriptedDocuments, told: dict[str, int] | None) -> None:
    today.rate_limits = told
    expected = dict.fromkeys(("metadata", "data", "search", "compute"), 10)
    assert limits() == expected | ({"data": 60} if told else {})


@pytest.mark.slow
def test_a_setting_overrides_every_limit(today: ScriptedDocuments, auto: pytest.MonkeyPatch) -> None:
    today.rate_limits = dict(LIMITS)
    auto.setenv("MIXPEEK_API_STYLE", "documents")
    auto.setenv("MIXPEEK_REQUESTS_PER_MINUTE", "33")
    assert limits() == dict.fromkeys(("metadata", "data", "search", "compute"), 33)
    assert today.requests == [], "then nothing needs to be asked"


@pytest.mark.slow
def test_limits_are_asked_for_again_after_a_day(today: ScriptedDocuments, auto: pytest.MonkeyPatch) -> None:
    assert limits()["data"] == 100_000
    today.rate_limits = dict(LIMITS)
    assert limits()["data"] == 100_000
    now = clock.now
    auto.setattr(clock, "now", lambda: now() + timedelta(hours=25))
    assert limits()["data"] == 60


@pytest.mark.slow
def test_calls_count_for_their_own_category_only(today: ScriptedDocuments, warehouse: Warehouse) -> None:
    today.rate_limits = {"metadata": 100, "data": 100, "compute": 1}
    add_videos(urls(1))
    assert submit().accepted == 1


@pytest.mark.slow
def test_limits_of_a_server_that_is_not_of_today_are_not_guessed(
    era: ScriptedMixpeek, auto: pytest.MonkeyPatch
) -> None:
    auto.setenv("MIXPEEK_API_STYLE", "documents")
    with pytest.raises(SetupError, match="does not speak the style `documents`: set MIXPEEK_API_STYLE to assets"):
        open_client(load_settings(), QUICK)
