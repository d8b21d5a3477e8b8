"""Markdown for the UI, in which texts of a server stay texts and pictures are inline."""

import re
from urllib.parse import quote

from mixpeek_assets.terminal_safe import terminal_safe

INLINE = 999
"""Characters of Markdown that the UI shows at once; more is behind a click."""

_LONGEST_CODE = 1_000
_MARKUP = re.compile(r"[`*~<\[]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|\\(?=[!-/:-@\[-`{-~])")
_PLAIN_IN_SVG = " '/:;=,.()-+"
_PLAIN_IN_URL = "/:;=,.()-+#%!$'*~"


def code(text: str) -> str:
    """Write a text as a span of code: a server's text must not become a link or a picture in the UI."""
    shown = terminal_safe(text[:_LONGEST_CODE])
    # Markdown closes a span with as many backticks as opened it.
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}"


def plain(text: str) -> str:
    """Write a line that stays text where the UI takes it for Markdown, with as little more as that takes."""
    return _MARKUP.sub(r"\\\g<0>", text)


def picture(svg: str, alt: str) -> str:
    """Write an SVG as a picture: the UI's sanitizer and policy allow one in a data URL, where no script of it runs."""
    # `&` would begin an entity of Markdown; `#`, `<` and `>` would end the URL.
    return f"![{alt}](<data:image/svg+xml,{quote(svg, safe=_PLAIN_IN_SVG)}>)"


def link(text: str, url: str) -> str:
    """Write a link to an http(s) URL, the text as code."""
    return f"[{code(text)}](<{quote(url, safe=_PLAIN_IN_URL)}>)"


def sql(query: str) -> str:
    """Write a query as a block of highlighted SQL."""
    return f"```sql\n{query}\n```"
