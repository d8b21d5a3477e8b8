"""How people read a video, a moment of it, a duration and a text: short, and on one line."""

import math
import re
from urllib.parse import unquote

from mixpeek_assets.terminal_safe import terminal_safe


def file_name(url: str) -> str:
    """Return the name of a URL's file, without what may be secret: user, password, query and fragment."""
    address = re.sub(r"^([a-zA-Z][\w+.-]*://)[^/?#]*@", r"\1", re.split("[?#]", url, maxsplit=1)[0])
    return terminal_safe(unquote(address.rstrip("/").rsplit("/", 1)[-1]))


def timecode(seconds: float) -> str:
    """Write a moment of a video, e.g. 1:02.5; a moment that is no time is empty."""
    if not math.isfinite(seconds) or seconds < 0:
        return ""
    minutes, tenths = divmod(round(seconds * 10), 600)
    return f"{minutes}:{tenths / 10:04.1f}"


def duration(seconds: float) -> str:
    """Write how long something took, e.g. 4.2 s, 12 min or 3 h."""
    units = {"days": 86_400, "h": 3_600, "min": 60}
    name, unit = next(((name, unit) for name, unit in units.items() if seconds >= 2 * unit), ("s", 1))
    number = seconds / unit
    return f"{number:.0f} {name}" if number >= 10 else f"{number:.2g} {name}"


def brief(text: str, longest: int) -> str:
    """Write a text on one line, cut to this many characters."""
    line = " ".join(terminal_safe(text[: 10 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def money(credits_: float | None, dollars: float | None) -> str:
    """Return what something costs, as far as it is known: 1,234 credits ($1.23); empty where it is not."""
    shown = None if dollars is None else f"${dollars:,.2f}" if dollars >= 0.1 or not dollars else f"${dollars:,.2g}"
    if credits_ is None:
        return shown or ""
    number = f"{credits_:,.1f}".removesuffix(".0")
    return f"{number} {'credit' if number == '1' else 'credits'}" + (f" ({shown})" if shown else "")


def size(number: int) -> str:
    """Return a number of bytes as a person says it: 900 B, 1.2 MB."""
    power = min((len(str(number)) - 1) // 3, 3)
    return f"{number / 1000**power:,.{min(power, 1)}f} {('B', 'kB', 'MB', 'GB')[power]}"
