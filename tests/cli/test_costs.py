"""What a person sees of today's API: what is made, what it costs, what is left, and which style it is."""

import csv
import io
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mixpeek_assets.cli.main import cli
from mixpeek_assets.connections import QUICK, open_client
from mixpeek_assets.defs.pictures import day_metadata
from mixpeek_assets.defs.resources import MixpeekResource
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.documents import Answer, ScriptedDocuments
from tests.fakes.pipeline import TODAY, add_videos, land, poll, submit

URLS = [f"http://videos.test/{number}.mp4" for number in range(3)]


@pytest.fixture(autouse=True)
def listed(documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three videos in the warehouse, in batches of two."""
    monkeypatch.setenv("MIXPEEK_BATCH_VIDEOS", "2")
    add_videos(URLS)
    monkeypatch.setenv("MIXPEEK_VIDEOS", "manifest.csv")


def give(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def plan() -> Any:
    return json.loads(give("plan", "--format", "json").stdout)


def test_a_plan_says_what_is_made_and_costs_and_changes_nothing(documents_api: ScriptedDocuments) -> None:
    shown = give("plan").output

    # Two calls for objects, two drafts, two starts.
    assert ["submit", str(TODAY), "new", "3", "6"] in [line.split() for line in shown.splitlines()]
    assert "6 requests can be sent now" in shown
    assert "A batch of up to 2 videos takes a request for its objects" in shown
    made = "namespace mixpeek_assets, bucket default, collection default (multimodal_extractor v2)"
    assert f"Made on the account's side first: {made}." in shown
    assert "Estimated cost: 150 credits ($0.15)." in shown
    assert documents_api.namespaces == {}
    assert (plan()["estimated_credits"], plan()["estimated_usd"], plan()["requests_now"]) == (150, 0.15, 6)
    (line,) = csv.DictReader(io.StringIO(give("plan", "--format", "csv").stdout, newline=""))
    assert (line["requests"], line["items"]) == ("6", "3")


def test_a_plan_counts_polls_of_batches_and_fetches_of_pages() -> None:
    submit()

    assert [(line["verb"], line["items"], line["requests"]) for line in plan()["requests"]] == [("poll", 2, 2)]
    poll()
    assert [(line["verb"], line["items"], line["requests"]) for line in plan()["requests"]] == [("fetch asset", 3, 2)]
    land()
    assert (plan()["requests"], plan()["makes"]) == ([], [])


def test_a_plan_without_an_api_says_that_the_cost_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_API_URL", "http://127.0.0.1:9")

    shown = give("plan")

    assert shown.exit_code == 0
    assert "6 requests can be sent now" in shown.output
    assert "The cost is not known: " in shown.output
    assert "no server at http://127.0.0.1:9" in shown.output


def test_a_status_says_what_was_spent_and_what_is_left(
    documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Spent" not in give("status").output
    submit()
    poll()

    shown = give("status").output

    assert "Spent on these videos: 150 credits ($0.15)." in shown
    assert f"Left in the account Test: {documents_api.credits:,} credits." in shown
    cost = json.loads(give("status", "--format", "json").stdout)["cost"]
    assert cost == {"credits": 150, "cost_usd": pytest.approx(0.15), "credit_balance": documents_api.credits}
    monkeypatch.setenv("MIXPEEK_API_URL", "http://127.0.0.1:9")
    down = give("status")
    assert down.exit_code == 0
    assert "Spent on these videos: 150 credits ($0.15)." in down.output
    assert "Left" not in down.output


def test_a_day_of_tasks_shows_its_cost(warehouse: Warehouse) -> None:
    submit()
    poll()
    with warehouse.reader() as reader:
        shown = day_metadata(reader, "tasks", [TODAY])[TODAY]

    assert (shown["credits"].value, shown["cost"].value) == (150, "150 credits ($0.15)")


def test_the_doctor_says_the_style_the_balance_and_the_limits(
    documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_API_STYLE", "auto")
    asked = lambda: len(documents_api.asked("GET /v1/me$"))  # noqa: E731

    first = give("doctor").output
    before = asked()
    again = give("doctor").output
    once_more = give("doctor", "--ask-again").output

    assert "style `documents` (asked just now, and remembered in " in first
    assert "style `documents` (asked on " in again
    assert "style `documents` (asked just now" in once_more
    assert asked() - before == 2 * (before - 1) + 1, "only the first and the last ask for the style"
    assert f"account Test (build), {documents_api.credits:,} credits left" in again
    assert "requests a minute: compute " in again


def test_the_page_of_the_resource_says_the_style(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = type(MixpeekResource.of(load_settings())).__doc__ or ""
    assert "- style: `documents` (set in MIXPEEK_API_STYLE)" in shown

    monkeypatch.setenv("MIXPEEK_API_STYLE", "auto")
    unknown = type(MixpeekResource.of(load_settings())).__doc__ or ""
    assert "- style: not known yet: the first call asks the API, and remembers it" in unknown


def test_a_balance_that_the_api_does_not_tell_stops_nothing(documents_api: ScriptedDocuments) -> None:
    documents_api.script("GET /v1/organizations", Answer({"error": {"message": "no such call"}}, 404), for_ever=True)

    with open_client(load_settings(), QUICK) as client:
        account = client.account()

    assert account is not None
    assert (account.name, account.credit_balance) == ("Test", None)
