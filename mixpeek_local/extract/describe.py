"""A description: one sentence that says what was found, and nothing else."""

from collections.abc import Sequence

from mixpeek_local.extract.records import Label

_LONGEST_QUOTE = 80


def describe(*, seen: Sequence[Label] = (), read: str = "", heard: Sequence[Label] = (), said: str = "") -> str | None:
    """Describe what was seen, read, heard and said; None if nothing was found.

    Args:
        seen: What the picture shows, likeliest first.
        read: The words on the screen.
        heard: The sounds, likeliest first.
        said: The words that were spoken.
    """
    parts = []
    if seen:
        parts.append(f"looks like {' or '.join(_with_article(label.label) for label in seen[:2])}")
    if read:
        parts.append(f'the screen says "{_quoted(read)}"')
    if said:
        parts.append(f'a voice says "{_quoted(said)}"')
    sounds = [label for label in heard if not (said and label.label.lower().startswith("speech"))]
    if sounds:
        parts.append(f"sounds like {' and '.join(label.label.lower() for label in sounds[:2])}")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else None


def _with_article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= _LONGEST_QUOTE:
        return words
    return words[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
