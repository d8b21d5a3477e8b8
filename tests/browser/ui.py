"""Dagster's UI in a browser: where things are, and what a person presses."""

import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import FloatRect, Locator, Page, expect

FRONT = "/"
LOCATION = "/locations/mixpeek_assets"
GROUP = "/locations/__repository__@mixpeek_assets/asset-groups/mixpeek/lineage"

PATIENCE = 90_000
"""Milliseconds that end a wait for what does not come; a busy machine needs a few thousand."""

Theme = Literal["light", "dark"]


class Ui:
    """A page of the UI.

    Attributes:
        page: The page.
        clicks: How many clicks there were.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def open(self, path: str) -> None:
        """Open an address."""
        self.page.goto(path)

    def open_asset(self, table: str, view: str = "overview", **more: str) -> None:
        """Open a tab of an asset."""
        options = "".join(f"&{name}={value}" for name, value in more.items())
        self.open(f"/assets/mixpeek/{table}?view={view}{options}")

    def click(self, what: Locator, *, shift: bool = False) -> None:
        """Click as a person does, and count it."""
        what.click(modifiers=["Shift"] if shift else [])
        self.clicks += 1

    def text(self, words: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        """What shows these words; the UI has a hidden copy of many, to measure them."""
        return self.page.get_by_text(words, exact=exact).locator("visible=true").first

    def sees(self, *words: str | re.Pattern[str]) -> None:
        """Wait until the page shows these words."""
        for some in words:
            expect(self.text(some)).to_be_visible()

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """A button."""
        return self.page.get_by_role("button", name=name).locator("visible=true").first

    def link(self, name: str) -> Locator:
        """A link."""
        return self.page.get_by_role("link", name=name).locator("visible=true").first

    def tab(self, name: str) -> Locator:
        """A tab of the page."""
        return self.page.get_by_role("tab", name=name, exact=True).locator("visible=true").first

    def tab_of_check(self, name: str) -> Locator:
        """A tab of a check, of which the page of its asset has namesakes."""
        tabs = self.page.get_by_role("tablist").filter(has_text="Execution history").last
        return tabs.get_by_role("tab", name=name, exact=True)

    def row(self, title: str) -> Locator:
        """A row of a list, e.g. a check with its verdict, by the title of what is in it."""
        rows = self.page.locator("[class*=VirtualizedTable_row]")
        return rows.filter(has=self.page.get_by_title(title, exact=True)).locator("visible=true").first

    def node(self, table: str) -> Locator:
        """A node of the graph."""
        return self.page.locator("foreignObject").filter(has=self.page.get_by_text(table, exact=True)).first

    def metadata(self, name: str) -> Locator:
        """An entry in a table of metadata."""
        return self.page.locator("tr").filter(has=self.page.get_by_text(name, exact=True)).first

    def warning(self) -> Locator:
        """The warning among the latest check results of an asset's overview."""
        results = self.page.get_by_text("Latest check results").locator("xpath=..")
        return results.get_by_label("warning_outline")

    def switch_off(self) -> None:
        """Turn off the sensor of the page."""
        switch = self.page.get_by_role("row").filter(has_text="Running").first
        self.click(switch.locator("label"))
        expect(switch.get_by_role("checkbox")).not_to_be_checked()

    def launch(self, partition: str = "") -> None:
        """Choose a partition, by default the latest, in the dialogue that follows a press of Materialize; launch."""
        dialogue = self.page.get_by_role("dialog")
        if partition:
            dialogue.get_by_role("textbox").first.fill(partition)
            dialogue.get_by_role("textbox").first.press("Enter")
        else:
            self.click(dialogue.get_by_role("button", name="Latest"))
        self.click(dialogue.get_by_role("button", name="Launch 1 run"))
        expect(dialogue).to_be_hidden()

    def picture(self, file: Path, part: Locator | None = None) -> None:
        """Take a picture of the page, or of a part of it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        (part or self.page).screenshot(path=file, animations="disabled")

    def picture_of(self, parts: list[Locator], file: Path, margin: int = 16) -> None:
        """Take a picture of the smallest rectangle that holds some parts of the page."""
        boxes = [box for part in parts if (box := part.bounding_box())]
        left, top = (min(box[side] for box in boxes) - margin for side in ("x", "y"))
        right = max(box["x"] + box["width"] for box in boxes) + margin
        bottom = max(box["y"] + box["height"] for box in boxes) + margin
        file.parent.mkdir(parents=True, exist_ok=True)
        clip: FloatRect = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        self.page.screenshot(path=file, animations="disabled", clip=clip)
