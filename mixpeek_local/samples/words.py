"""What is said and what is written in the samples, and when: the ground truth of speech and of text.

The pictures and the voices are made from these lines, so a test or a table can rely on them. Times are in
seconds from the beginning of a scene; `Clip.said` and `Clip.shown` give them from the beginning of the clip.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """A line that a voice speaks: it begins at ``start`` and is over at ``end``."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Shown:
    """A line of text on the screen: it can be read from ``start`` to ``end``."""

    start: float
    end: float
    text: str


# The words volcano, lava, balloon and pollination are never said: a search must find them by their meaning.
FIRE = (
    Said(0.8, 4.8, "Deep under this mountain, it is so hot that rock melts."),
    Said(5.2, 8.7, "It pushes up, and bursts out in fire and ash."),
)
HONEY = (
    Said(0.8, 3.9, "A honey bee visits a thousand blossoms a day."),
    Said(4.3, 8.8, "She drinks sweet nectar, and yellow dust sticks to her legs."),
)
AIR = (
    Said(0.8, 3.3, "When air is heated, it becomes light."),
    Said(3.8, 8.4, "That is enough to carry three people over the hills, without a sound."),
)

# The voice of the lesson never repeats what is written.
WELCOME = (
    Said(0.8, 5.1, "My grandmother taught me this when I was seven years old."),
    Said(5.5, 9.2, "It still makes the whole house smell wonderful."),
)
TITLE = Shown(0.5, 10.0, "Sunday Pancakes")
SUBTITLE = Shown(1.0, 10.0, "A lesson in four steps")
COOK = Shown(4.5, 9.5, "Martin Hill")
COOK_ROLE = Shown(4.5, 9.5, "cook and baker")

STIR = (
    Said(0.8, 4.2, "First, stir slowly, until it is smooth."),
    Said(4.6, 8.5, "Then cover it, and let it rest for half an hour."),
)
RECIPE = (
    Shown(0.5, 10.0, "Ingredients"),
    Shown(1.5, 10.0, "200 g flour"),
    Shown(3.0, 10.0, "3 eggs"),
    Shown(4.5, 10.0, "300 ml milk"),
    Shown(6.0, 10.0, "a pinch of salt"),
)

SERVE = (
    Said(0.8, 3.0, "Call the children to the table."),
    Said(3.4, 7.4, "On a cold morning, nothing makes them run faster."),
)
TOPPING = Shown(0.8, 4.8, "Serve warm with maple syrup")
NEXT_WEEK = Shown(5.6, 9.6, "Next week: tomato soup")
