"""A description: one sentence that says what was found, and nothing else."""

from collections.abc import Sequence

from mixpeek_local.extract.records import Label

_LONGEST_QUOTE = 80
# These are not told beside a sound that has a name of its own: they are what AudioSet calls whole kinds.
_KINDS = frozenset({"Animal", "Domestic animals, pets", "Livestock, farm animals, working animals", "Wild animals"})
_KINDS |= {"Vehicle", "Motor vehicle (road)", "Musical instrument", "Wind instrument, woodwind instrument", "Liquid"}
# Of the labels of pictures (data/labels.txt): what is not counted, and what ends in -ing and is.
_WITHOUT_ARTICLE = frozenset({
    "hair", "jewellery", "baseball", "basketball", "volleyball", "golf", "yoga", "chess", "grass", "moss", "hay",
    "snow", "ice", "fog", "rain", "fire", "smoke", "under water", "the earth", "graffiti", "surgery", "coffee", "wine",
    "beer", "bread", "pasta", "rice", "soup", "cheese", "meat", "sushi", "ice cream", "chocolate", "fruit", "breakfast",
    "sheet music", "text", "noise", "science fiction", "paper", "dice",
})  # fmt: skip
_THINGS = frozenset({"building", "drawing", "meeting", "painting", "wedding"})


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
    if sounds := _sounds(heard, said):
        parts.append(f"sounds like {' and '.join(name.lower() for name in sounds[:2])}")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else None


def _sounds(heard: Sequence[Label], said: str) -> list[str]:
    names = [label.label for label in heard if label.label != "Silence"]
    if said:
        names = [name for name in names if not name.startswith("Speech")]
    return [name for name in names if name not in _KINDS] or names


def _with_article(name: str) -> str:
    last = name.partition(" of ")[0].split()[-1]
    is_plural = last.endswith("s") and not last.endswith(("ss", "us", "os"))
    is_activity = last.endswith("ing") and last not in _THINGS
    if is_plural or is_activity or name in _WITHOUT_ARTICLE:
        return name
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= _LONGEST_QUOTE:
        return words
    return words[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
