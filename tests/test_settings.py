"""The environment as settings: every variable, every default, and what is said of a value that cannot be used."""

import json
import traceback
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mixpeek_assets.settings import Settings, SettingsError, load_settings

SECRET = "sk_very_secret_0123456789"
EXTRACTORS = '[{"interval_sec":5,"read":{}}]'


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"MIXPEEK_{name}", value)
    return load_settings()


def test_nothing_need_be_set(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.videos is None
    assert settings.collection == "default"
    assert settings.api_key is None
    assert settings.api_url is None
    assert settings.api_prefix == ""
    assert settings.namespace is None
    assert settings.requests_per_minute is None
    assert settings.concurrency == 16
    assert settings.max_attempts == 1
    assert settings.first_partition is None
    assert settings.uses_local_api
    assert settings.data_folder == tmp_path / "data"
    assert settings.warehouse_path == tmp_path / "data" / "warehouse.duckdb"
    assert settings.local_api_folder == tmp_path / "data" / "local_api"
    assert settings.warehouse_timeout > 0


@pytest.mark.parametrize(
    ("variable", "value", "field", "read"),
    [
        ("VIDEOS", "s3 or what; ever/*.csv", "videos", "s3 or what; ever/*.csv"),
        ("COLLECTION", "films", "collection", "films"),
        ("API_URL", "https://example.com/", "api_url", "https://example.com"),
        ("API_URL", "http://127.0.0.1:8000", "api_url", "http://127.0.0.1:8000"),
        ("API_PREFIX", "/v1", "api_prefix", "/v1"),
        ("API_PREFIX", "v1/", "api_prefix", "/v1"),
        ("API_PREFIX", "/", "api_prefix", ""),
        ("NAMESPACE", "films", "namespace", "films"),
        ("REQUESTS_PER_MINUTE", "10", "requests_per_minute", 10),
        ("REQUESTS_PER_MINUTE", "0", "requests_per_minute", 0),
        ("CONCURRENCY", "1", "concurrency", 1),
        ("CONCURRENCY", "256", "concurrency", 256),
        ("MAX_ATTEMPTS", "3", "max_attempts", 3),
        ("FEATURE_EXTRACTORS", '[{"read": {}, "interval_sec": 5}]', "feature_extractors", EXTRACTORS),
        ("FEATURE_EXTRACTORS", '{ "interval_sec": 5, "read": {} }', "feature_extractors", EXTRACTORS),
        ("FEATURE_EXTRACTORS", "extractors.json", "feature_extractors", EXTRACTORS),
        ("TASK_DEADLINE_HOURS", "0.5", "task_deadline_hours", 0.5),
        ("FIRST_PARTITION", "2019-05-05", "first_partition", date(2019, 5, 5)),
        ("DATA_DIR", "/srv/mixpeek", "data_folder", Path("/srv/mixpeek")),
        ("WAREHOUSE", "/srv/w.duckdb", "warehouse_path", Path("/srv/w.duckdb")),
        ("WAREHOUSE_TIMEOUT", "0.5", "warehouse_timeout", 0.5),
    ],
)
def test_each_variable_is_read(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, field: str, read: object
) -> None:
    Path("extractors.json").write_text(EXTRACTORS)
    assert getattr(loaded(monkeypatch, **{variable: value}), field) == read


def test_the_key_is_read_without_the_space_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, API_KEY=f" {SECRET}\n")
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET
    assert not settings.uses_local_api


def test_a_variable_that_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"MIXPEEK_{name.upper()}" for name in Settings.model_fields]
    assert len(names) == 30
    unset = load_settings()
    for name in names:
        monkeypatch.setenv(name, "")
    assert load_settings() == unset


@pytest.mark.parametrize(
    ("variables", "limit"),
    [
        ({}, 0),
        ({"API_KEY": SECRET}, 60),
        ({"API_KEY": SECRET, "REQUESTS_PER_MINUTE": "0"}, 0),
        ({"API_KEY": SECRET, "REQUESTS_PER_MINUTE": "120"}, 120),
        ({"REQUESTS_PER_MINUTE": "5"}, 5),
    ],
)
def test_the_rate_limit_is_sixty_a_minute_and_none_for_the_local_api(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], limit: int
) -> None:
    assert loaded(monkeypatch, **variables).effective_requests_per_minute == limit


def test_paths_are_absolute_and_know_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = loaded(monkeypatch, DATA_DIR="~/mixpeek", WAREHOUSE="lake/w.duckdb")
    assert settings.data_folder == tmp_path / "home" / "mixpeek"
    assert settings.warehouse_path == tmp_path / "lake" / "w.duckdb"


@pytest.mark.parametrize(
    ("variable", "value", "takes"),
    [
        ("API_URL", "api.mixpeek.com", r"must be an http\(s\) URL such as https://api.mixpeek.com"),
        ("API_URL", "ftp://api.mixpeek.com", r"must be an http\(s\) URL"),
        ("REQUESTS_PER_MINUTE", "-1", "greater than or equal to 0"),
        ("REQUESTS_PER_MINUTE", "many", "a valid integer"),
        ("REQUESTS_PER_MINUTE", "1.5", "a valid integer"),
        ("CONCURRENCY", "0", "greater than or equal to 1"),
        ("CONCURRENCY", "257", "less than or equal to 256"),
        ("CONCURRENCY", "all", "a valid integer"),
        ("MAX_ATTEMPTS", "0", "greater than or equal to 1"),
        ("TASK_DEADLINE_HOURS", "nan", "."),
        ("TASK_DEADLINE_HOURS", "inf", "less than or equal to 87600"),
        ("TASK_DEADLINE_HOURS", "1e300", "less than or equal to 87600"),
        ("WAREHOUSE_TIMEOUT", "1e300", "less than or equal to 604800"),
        ("FEATURE_EXTRACTORS", "nowhere.json", "is neither JSON nor a file that can be read"),
        ("FEATURE_EXTRACTORS", "[{", "is not JSON"),
        ("FEATURE_EXTRACTORS", "[]", "must be a JSON list of extractor settings"),
        ("FEATURE_EXTRACTORS", "[5]", "must be a JSON list of extractor settings"),
        ("TASK_DEADLINE_HOURS", "0", "greater than 0"),
        ("FIRST_PARTITION", "31/01/2026", "a valid date"),
        ("FIRST_PARTITION", "2026-02-30", "a valid date"),
        ("WAREHOUSE_TIMEOUT", "0", "greater than 0"),
        ("WAREHOUSE_TIMEOUT", "soon", "a valid number"),
        ("NAMESPACE", "films\nX-Other: 1", "contains a character that a header cannot carry"),
        ("NAMESPACE", "фильмы", "contains a character that a header cannot carry"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_the_variable_takes(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, takes: str
) -> None:
    with pytest.raises(SettingsError, match=takes) as caught:
        loaded(monkeypatch, **{variable: value})
    assert str(caught.value).startswith(f"MIXPEEK_{variable}: ")
    assert repr(value) in str(caught.value)


def test_every_bad_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(monkeypatch, CONCURRENCY="0", API_URL="nowhere", MAX_ATTEMPTS="x")
    for name in ("MIXPEEK_CONCURRENCY", "MIXPEEK_API_URL", "MIXPEEK_MAX_ATTEMPTS"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    "key", [f"{SECRET} {SECRET}", f"{SECRET}\nX-Evil: 1", f"{SECRET}é", f"{SECRET}\u200b", f"{SECRET}\x7f"]
)
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    with pytest.raises(SettingsError, match="MIXPEEK_API_KEY: contains a character that no API key has") as caught:
        loaded(monkeypatch, API_KEY=key)
    assert_hidden(caught.value)


def test_a_blank_key_is_refused_rather_than_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="MIXPEEK_API_KEY: is blank"):
        loaded(monkeypatch, API_KEY="  ")


def test_another_bad_variable_does_not_show_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(monkeypatch, API_KEY=SECRET, CONCURRENCY="0")
    assert_hidden(caught.value)


def test_settings_show_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, API_KEY=SECRET)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in shown


def test_a_dotenv_file_of_the_working_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"MIXPEEK_API_KEY='{SECRET}'\nMIXPEEK_CONCURRENCY=3\nOTHER=1\nMIXPEEK_OTHER=1\n")
    settings = load_settings()
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET
    assert settings.concurrency == 3


def test_the_environment_goes_before_the_dotenv_file_and_an_argument_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("MIXPEEK_CONCURRENCY=3\nMIXPEEK_COLLECTION=dotenv\nMIXPEEK_MAX_ATTEMPTS=4\n")
    monkeypatch.setenv("MIXPEEK_CONCURRENCY", "5")
    monkeypatch.setenv("MIXPEEK_COLLECTION", "environment")
    settings = load_settings(collection="argument")
    assert (settings.max_attempts, settings.concurrency, settings.collection) == (4, 5, "argument")


def test_a_bad_dotenv_file_is_named_by_its_variable(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"MIXPEEK_API_KEY='{SECRET} x'\nMIXPEEK_CONCURRENCY=none\n")
    with pytest.raises(SettingsError, match=r"MIXPEEK_CONCURRENCY: .*'none'") as caught:
        load_settings()
    assert "MIXPEEK_API_KEY" in str(caught.value)
    assert_hidden(caught.value)


@pytest.mark.parametrize("overrides", [{"concurrency": 0}, {"first_partition": "never"}])
def test_an_argument_is_checked_as_the_environment_is(overrides: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="MIXPEEK_"):
        load_settings(**overrides)


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.concurrency = 3


def assert_hidden(error: SettingsError) -> None:
    for shown in (str(error), repr(error), repr(error.args), *traceback.format_exception(error)):
        assert SECRET not in shown


def test_the_key_may_be_in_a_variable_of_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAILERS_TOKEN", SECRET)
    settings = loaded(monkeypatch, KEY_VARIABLE="TRAILERS_TOKEN", API_KEY="sk_of_another_account")
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET


def test_a_key_of_another_name_is_read_from_the_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(f"TRAILERS_TOKEN={SECRET}\nMIXPEEK_API_KEY=sk_of_another_account\n")
    settings = loaded(monkeypatch, KEY_VARIABLE="TRAILERS_TOKEN")
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET


def test_a_variable_that_is_named_and_not_set_means_the_local_api(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, KEY_VARIABLE="TRAILERS_TOKEN", API_KEY="sk_of_another_account").uses_local_api


@pytest.mark.parametrize("mistaken", [SECRET, "SK0123456789ABCDEF", "trailers_key", "MIXPEEK KEY"])
def test_a_key_where_the_name_of_its_variable_belongs_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, mistaken: str
) -> None:
    with pytest.raises(SettingsError, match="never the key itself") as refused:
        loaded(monkeypatch, KEY_VARIABLE=mistaken)
    assert mistaken not in "".join(traceback.format_exception(refused.value))


def test_a_pinned_key_is_that_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAILERS_TOKEN", SECRET)
    pinned = loaded(monkeypatch, KEY_VARIABLE="TRAILERS_TOKEN").pinned()
    monkeypatch.delenv("TRAILERS_TOKEN")
    for name, value in pinned.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET


def test_a_key_that_cannot_be_used_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAILERS_TOKEN", "a key")
    with pytest.raises(SettingsError, match=r"^TRAILERS_TOKEN: contains"):
        load_settings(key_variable="TRAILERS_TOKEN")


def test_an_exported_variable_wins_over_dotenv_and_an_empty_one_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("MIXPEEK_COLLECTION=file\nMIXPEEK_NAMESPACE=file\nMIXPEEK_VIDEOS=file\n")

    settings = loaded(monkeypatch, COLLECTION="exported", NAMESPACE="")

    assert (settings.collection, settings.namespace, settings.videos) == ("exported", "file", "file")


def test_pinned_settings_are_the_same_whatever_the_environment_and_dotenv_say_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractors = json.dumps([{"interval_sec": 5}])
    settings = loaded(
        monkeypatch, API_KEY=SECRET, FEATURE_EXTRACTORS=extractors, FIRST_PARTITION="2026-01-31", DATA_DIR="here"
    )

    warehouse = settings.warehouse_path
    for name, value in settings.pinned().items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text("MIXPEEK_VIDEOS=file\n")
    monkeypatch.setenv("MIXPEEK_API_KEY", "sk_another")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    pinned = load_settings()
    assert pinned.data_folder == tmp_path / "here"
    assert pinned.warehouse_path == warehouse
    changed = {"data_dir": pinned.data_dir, "warehouse": pinned.warehouse}
    assert pinned == settings.model_copy(update=changed)
    assert load_settings(collection="films").collection == "films", "an option still wins"
