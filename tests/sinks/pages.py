"""The code that pages show."""

import re
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "sinks"


def code_of(page: str, language: str = "python") -> list[str]:
    """Return the blocks of a page, in their order."""
    found = re.findall(rf"^```{language}\n(.*?)^```", (PAGES / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found
