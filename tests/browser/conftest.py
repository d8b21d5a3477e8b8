"""A browser, and pages of it. What a page looked like when its test failed is in .pytest_cache/d/browser/."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.ui import PATIENCE, Theme, Ui

# Asked for at once: the tests forget the developer's variables.
_CHOSEN = os.environ.get("MIXPEEK_TEST_BROWSER")
_PICTURES = os.environ.get("MIXPEEK_TEST_PICTURES")
_BROWSER = _CHOSEN or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_NONE = "no Chromium is here: `apt-get install chromium`, or set MIXPEEK_TEST_BROWSER to one"

# Of one test, and quiet: no sandbox, because CI is root; no traffic of the browser's own.
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

OpenUi = Callable[..., Ui]

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of the system; Playwright brings none."""
    if _BROWSER is None:
        pytest.skip(_NONE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_BROWSER, args=_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_ui(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenUi]:
    """Opens a page of a UI; nothing that it has shown is the key."""
    opened: list[Ui] = []

    def open_ui(url: str, theme: Theme = "light", *, width: int = 1400, height: int = 900) -> Ui:
        context = browser.new_context(
            base_url=url, color_scheme=theme, viewport={"width": width, "height": height}, timezone_id="UTC"
        )
        context.set_default_timeout(PATIENCE)
        opened.append(Ui(context.new_page()))
        request.node.stash[_OPENED] = opened
        return opened[-1]

    yield open_ui
    for ui in opened:
        ui.page.context.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The folder for the pictures of the documentation: `make pictures` sets it, else they are taken for nothing."""
    return Path(_PICTURES) if _PICTURES else tmp_path


_OPENED = pytest.StashKey[list[Ui]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the pages of a failed test look like."""
    report = yield
    if report.when == "call" and report.failed:
        for number, ui in enumerate(item.stash.get(_OPENED, [])):
            file = item.config.cache.mkdir("browser") / f"{item.name}-{number}.png"
            ui.picture(file)
            report.sections.append(("Screenshot", f"{file}\n{ui.page.url}"))
    return report
