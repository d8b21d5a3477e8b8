"""A search on the page of the local API: what is like the words, then greyed what is only the nearest there is."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from mixpeek_local.extract.records import Feature, Modality
from mixpeek_local.extract.space import shared_space
from tests.browser.conftest import OpenUi
from tests.browser.ui import Ui
from tests.mixpeek_local.served import Served, served

LIGHTHOUSE = {
    "labels": [{"label": "lighthouse", "score": 0.55}],
    "sounds": [{"label": "Silence", "score": 0.9}, {"label": "Wind", "score": 0.4}],
}


def like(words: str, modality: Modality, second: float, **details: object) -> Feature:
    """A feature at the very place of some words."""
    space = shared_space()
    assert space is not None
    return Feature(modality, second, second + 1, {"multimodal": space.of_words([words])[0]}, details)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("page") / "state") as api:
        api.extracted(
            like("a lighthouse at night", "video", 10, **LIGHTHOUSE),
            like("a lighthouse at night", "image", 12, **LIGHTHOUSE),
            like("a lighthouse by the sea", "text", 30, text="A lighthouse.", source="speech", unsure=True),
            like("pancakes with syrup", "text", 40, text="Pancakes", source="screen"),
        )
        yield api


@pytest.fixture
def page(api: Served, open_ui: OpenUi) -> Ui:
    ui = open_ui(api.url, width=1000, height=800)
    ui.open(f"/#key={api.key}")
    return ui


def found(page: Ui, words: str) -> Locator:
    """What a search shows: cards, and the line before those that are nothing like it."""
    page.page.get_by_role("searchbox").fill(words)
    page.click(page.button("Search"))
    expect(page.page.locator("#found-title")).to_have_text(f"“{words}”")
    return page.page.locator("#moments > :visible")


def test_hits_say_what_made_them_one_and_a_segment_of_one_look_is_one_hit(page: Ui) -> None:
    moments = found(page, "a lighthouse at night")

    expect(moments).to_contain_text(
        ["lighthouse 55 %", "perhaps said", "Nothing else is like it. The nearest:", "“Pancakes”"]
    )
    expect(moments).to_have_count(4)
    expect(moments.first).not_to_contain_text("Wind")
    assert is_grey(moments.last)
    assert not is_grey(moments.first)


def test_where_nothing_is_like_the_words_the_page_says_so_and_greys_the_nearest(page: Ui) -> None:
    moments = found(page, "quarterly tax form")

    expect(moments.first).to_have_text("Nothing is like it. The nearest:")
    expect(moments).to_have_count(4)
    assert all(map(is_grey, moments.all()[1:]))


def is_grey(card: Locator) -> bool:
    return "grayscale" in card.locator(".picture").evaluate("picture => getComputedStyle(picture).filter")
