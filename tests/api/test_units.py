"""How many requests the verbs take."""

import pytest

from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.documents.client import units_of
from mixpeek_assets.api.units import Verb
from mixpeek_assets.labels import money


@pytest.mark.parametrize("verb", ["submit", "poll", "fetch asset", "fetch vectors"])
def test_where_a_request_is_about_one_thing_there_are_as_many_as_things(verb: Verb) -> None:
    assert AssetsClient.units.requests(verb, 12, features_per_asset=36) == 12


@pytest.mark.parametrize(
    ("verb", "items", "batch", "features", "requests"),
    [
        ("submit", 1, 100, None, 3),  # its object, the draft, its start
        ("submit", 100, 100, None, 3),
        ("submit", 101, 100, None, 2 + 2 * 2),
        ("submit", 250, 1_000, None, 3 + 2),
        ("submit", 3, 1, None, 3 + 3 * 2),
        ("poll", 7, 100, None, 7),  # batches
        ("fetch asset", 1, 100, None, 2),  # its object, one page
        ("fetch asset", 25, 100, 36, 1 + 9),
        ("fetch asset", 50, 100, 1, 2 + 2),
        ("fetch vectors", 4, 100, 36, 4),
    ],
)
def test_where_videos_go_in_batches_their_requests_are_shared(
    verb: Verb, items: int, batch: int, features: float | None, requests: int
) -> None:
    assert units_of(batch).requests(verb, items, features) == requests


@pytest.mark.parametrize(
    ("credits_", "dollars", "text"),
    [
        (None, None, ""),
        (1, None, "1 credit"),
        (1_234.5, 1.2345, "1,234.5 credits ($1.23)"),
        (0, 0.0, "0 credits ($0.00)"),
        (5, 0.005, "5 credits ($0.005)"),
        (None, 12.0, "$12.00"),
    ],
)
def test_money_reads_as_a_person_says_it(credits_: float | None, dollars: float | None, text: str) -> None:
    assert money(credits_, dollars) == text
