"""Lines that are read over time become captions, and few frames are read for it."""

from collections.abc import Callable, Iterable
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mixpeek_local.extract.captions import Caption, Captions
from mixpeek_local.extract.color_stats import frame_stats
from mixpeek_local.extract.ocr import Line, Reader, reader
from mixpeek_local.extract.ocr_schedule import OcrSchedule
from mixpeek_local.extract.place_history import PlaceHistory
from tests.mixpeek_local.clips import Scene, place, plain, write_clip
from tests.mixpeek_local.test_ocr import Picture, written

SMALL = (480, 270)
Ground = Callable[[int], Picture | None]
"""What is behind the lines of each frame; None is black."""


@pytest.fixture(scope="module")
def eyes() -> Reader:
    found = reader()
    assert found is not None, "the tests need the models: python -m mixpeek_local.get_models"
    return found


def line(text: str, top: float = 0.5, left: float = 0.1, confidence: float = 0.95, height: float = 0.06) -> Line:
    return Line(text, confidence, (left, top, 0.015 * len(text), height))


def luma(lines: Iterable[Line], ground: Picture | None = None) -> NDArray[np.float32]:
    """A small picture with lines, each drawn as large as its box."""
    image = Image.fromarray(plain(0)(0, 640, 360) if ground is None else ground)
    pen = ImageDraw.Draw(image)
    for one in lines:
        left, top, _, height = one.box
        pen.text((640 * left, 360 * top), one.text, fill="white", font=ImageFont.load_default(360 * height))
    return np.asarray(image.convert("L").resize((128, 128), Image.Resampling.BOX), np.float32)


def followed(
    *frames: list[Line], every: float = 0.5, shown: list[list[Line]] | None = None, ground: Ground = lambda _: None
) -> list[Caption]:
    """The captions of lines that are read in one frame after another, of a picture that shows those, or others."""
    captions, history = Captions(), PlaceHistory()
    for number, lines in enumerate(frames):
        history.add(number * every, luma(shown[number] if shown else lines, ground(number)))
        captions.add(number * every, lines, history)
        history.was_read()
    return captions.finish(len(frames) * every)


def spans(captions: list[Caption]) -> list[tuple[float, float, str]]:
    return [(caption.start, caption.end, caption.text) for caption in captions]


def test_a_line_ends_with_the_first_frame_without_it() -> None:
    shown, empty = [line("Harbour at dawn")], []
    assert spans(followed(empty, empty, shown, shown, shown, empty, empty)) == [(1.0, 2.5, "Harbour at dawn")]


def test_what_is_there_at_the_end_ends_with_the_video() -> None:
    assert spans(followed([], [line("The End")], [line("The End")])) == [(0.5, 1.5, "The End")]


def test_readings_of_one_line_that_differ_a_little_are_one_caption_with_the_usual_reading() -> None:
    readings = [
        ("Harbour at dawn", 0.93),
        ("Harbour at dawm", 0.99),
        ("Harhour at dawn", 0.99),
        ("Harbour at dawn", 0.9),
    ]
    read = [[line(text, confidence=confidence)] for text, confidence in readings]
    for ground in (lambda _: None, lambda number: place(number)(0, 640, 360)):
        (caption,) = followed(*read, shown=[[line("Harbour at dawn")]] * 4, ground=ground)
        assert (caption.start, caption.end, caption.text) == (0.0, 2.0, "Harbour at dawn")


def test_a_line_that_is_missed_for_a_moment_was_there_all_along() -> None:
    shown = [line("Harbour at dawn")]
    assert spans(followed(shown, shown, [], shown, shown, every=0.4)) == [(0.0, 2.0, "Harbour at dawn")]


def test_a_line_that_comes_back_later_is_another_caption() -> None:
    shown = [line("Harbour at dawn")]
    assert spans(followed(shown, [], [], [], [], [], shown)) == [
        (0.0, 0.5, "Harbour at dawn"),
        (3.0, 3.5, "Harbour at dawn"),
    ]


def test_another_line_in_the_same_place_is_another_caption() -> None:
    first, second = [line("Are you coming with us?")], [line("Not before the rain stops.")]
    assert spans(followed(first, first, second, second)) == [
        (0.0, 1.0, "Are you coming with us?"),
        (1.0, 2.0, "Not before the rain stops."),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12:34", "12:35"),
        ("HOME 2 : 1", "HOME 2 : 2"),
        ("Milk and butter", "Milk and better"),
        ("Step 1: mix the flour", "Step 2: bake the flour"),
    ],
)
def test_a_line_that_changes_a_little_is_another_caption(before: str, after: str) -> None:
    first, second = [line(before)], [line(after)]
    assert spans(followed(first, second, second)) == [(0.0, 0.5, before), (0.5, 1.5, after)]
    over_others = followed(first, first, second, second, ground=lambda number: place(number)(0, 640, 360))
    assert spans(over_others) == [(0.0, 1.0, before), (1.0, 2.0, after)]


def test_figures_that_are_misread_now_and_then_are_one_caption() -> None:
    readings = [[line(f"Weather at {time}")] for time in ("5:36", "5:30", "5:36", "5:38", "5:36")]
    for ground in (lambda _: None, lambda number: place(7)(5 * number, 640, 360)):
        shown = [[line("Weather at 5:36")]] * 5
        assert spans(followed(*readings, shown=shown, ground=ground)) == [(0.0, 2.5, "Weather at 5:36")]


def test_a_title_that_is_written_letter_by_letter_is_one_caption() -> None:
    written = [[line(text)] for text in ("JOB", "JOB SEE", "JOB SEEKER", "JOB SEEKER")]
    assert spans(followed(*written)) == [(0.0, 2.0, "JOB SEEKER")]


def test_a_line_that_is_overlooked_where_nothing_changes_is_there() -> None:
    shown = [line("Harbour at dawn")]
    frames = [shown, [], [], [], [], [], shown]
    assert spans(followed(*frames, shown=[shown] * 7)) == [(0.0, 3.5, "Harbour at dawn")]


@pytest.mark.parametrize("moves", [False, True])
def test_a_text_starts_and_ends_between_the_frames_that_are_read(moves: bool) -> None:
    """The text is read at 6 s, but came at 2 s; and there is none at 12 s, but it went at 10 s."""
    shown, captions, history = [line("Harbour at dawn")], Captions(), PlaceHistory()
    for time in range(13):
        ground = place(7)(time * moves, 640, 360)
        history.add(time, luma(shown if 2 <= time < 10 else [], ground))
        if time % 6 == 0:
            captions.add(time, shown if time == 6 else [], history)
            history.was_read()
    assert spans(captions.finish(13)) == [(2, 10, "Harbour at dawn")]


def test_of_a_long_time_without_reading_the_last_pictures_are_kept() -> None:
    history, before, after = PlaceHistory(), luma([]), luma([line("Harbour at dawn")])
    for time in range(1000):
        history.add(time, after if time >= 995 else before)
    assert history.changed_at(line("Harbour at dawn").box) == 995


def test_a_title_of_two_lines_is_one_caption() -> None:
    title = [line("A Short History", 0.40), line("of Lighthouses", 0.48)]
    (caption,) = followed(title, title, title)
    assert caption.text == "A Short History of Lighthouses"
    assert caption.box == pytest.approx((0.1, 0.40, 0.225, 0.14))


def test_parts_of_one_line_are_one_caption() -> None:
    parts = [line("breaking", left=0.1), line("news", left=0.23)]
    assert [caption.text for caption in followed(parts, parts)] == ["breaking news"]


def test_a_ticker_and_a_logo_are_two_captions() -> None:
    both = [line("CHANNEL 4", 0.05, left=0.8), line("Ferries do not run today", 0.92)]
    assert [caption.text for caption in followed(both, both)] == ["CHANNEL 4", "Ferries do not run today"]


def test_a_line_that_stays_while_the_one_below_changes_is_a_caption_of_its_own() -> None:
    frames = [
        [line("CITY COUNCIL", 0.80), line(text, 0.87)] for text in ["Roll call", "Agenda", "Budget"] for _ in "12"
    ]
    assert [text for _, _, text in spans(followed(*frames))] == ["CITY COUNCIL", "Roll call", "Agenda", "Budget"]


def test_credits_that_roll_by_are_told_once_and_in_order() -> None:
    names = ["Directed by Anna Meyer", "Camera by John Wolfe", "Sound by Maria Rossi", "Music by Per Holm"]
    frames = []
    for step in range(22):
        places = [(name, 1.0 + 0.08 * number - 0.06 * step) for number, name in enumerate(names)]
        frames.append([line(name, top) for name, top in places if 0 <= top <= 0.94])
    (caption,) = followed(*frames)
    assert caption.text == " ".join(names)


def test_a_line_that_was_read_once_only_must_be_sure() -> None:
    unsure, sure = line("Rpll Cadl", confidence=0.87), line("Roll Call", top=0.1, confidence=0.97)
    assert [caption.text for caption in followed([], [unsure, sure], [])] == ["Roll Call"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.lists(
            st.builds(line, st.text(st.characters(codec="utf-8"), min_size=2), st.floats(0, 0.9), st.floats(0, 0.9)),
            max_size=4,
        ),
        max_size=8,
    )
)
def test_whenever_something_sure_is_read_a_caption_is_on(frames: list[list[Line]]) -> None:
    captions = followed(*frames)
    assert all(0 <= caption.start < caption.end <= len(frames) * 0.5 for caption in captions)
    for number, lines in enumerate(frames):
        assert not lines or any(caption.start <= number * 0.5 < caption.end for caption in captions)
    assert captions == followed(*frames)


Film = Callable[[float], Picture]


def chosen(film: Film, seconds: float, eyes: Reader | None = None) -> list[float]:
    """The times at which frames of a film are read, of three a second; without eyes nothing is found in them."""
    when, times = OcrSchedule(), []
    for number in range(round(seconds * 3)):
        time, picture = number / 3, film(number / 3)
        small = Image.fromarray(picture).convert("L").resize((128, 128), Image.Resampling.BOX)
        if when(time, np.asarray(small, np.float32)):
            when.saw(eyes.read(picture) if eyes else [])
            times.append(time)
    return times


def test_a_still_picture_is_read_once(eyes: Reader) -> None:
    picture = written(place(7)(0, *SMALL), ("Harbour 1998", 30, 150))
    assert chosen(lambda _: picture, 20, eyes) == [0.0]


def test_a_blank_picture_is_not_read_again_and_again() -> None:
    assert len(chosen(lambda time: plain(0)(time, *SMALL), 20)) <= 1


def test_text_that_appears_changes_or_goes_on_a_moving_picture_is_noticed_at_once(eyes: Reader) -> None:
    changes = {3.0: "Are you coming with us?", 6.0: "Not before the rain stops.", 9.0: ""}

    def film(time: float) -> Picture:
        text = "".join([words for start, words in changes.items() if start <= time][-1:])
        return written(place(7)(time, *SMALL), (text, 60, 220), bold=1)

    times = chosen(film, 12, eyes)
    for change in changes:
        assert any(change <= time <= change + 1 for time in times), (change, times)
    assert len(times) <= 12


def test_one_figure_that_changes_in_a_known_text_is_noticed_at_once(eyes: Reader) -> None:
    ground = place(7)(0, 640, 360)

    def film(time: float) -> Picture:
        return written(ground, ("12:34" if time < 5 else "12:35", 560, 20), ("CHANNEL FOUR", 30, 20), size=18)

    assert chosen(film, 20, eyes) == [0.0, 5.0]


def test_a_moving_picture_without_text_is_read_now_and_then() -> None:
    times = chosen(lambda time: place(int(time / 5))(time, 160, 90), 60)
    assert 1 <= len(times) <= 20


def test_text_that_rolls_by_is_read_all_along(eyes: Reader) -> None:
    names = [(f"{name} by {name[::-1]}", 100, 30 * n) for n, name in enumerate(["Anna", "Maria", "Robert"] * 6)]

    def film(time: float) -> Picture:
        rolled = [(text, left, round(top + 270 - 30 * time)) for text, left, top in names]
        return written(plain(0)(time, *SMALL), *rolled, size=20)

    times = chosen(film, 20, eyes)
    first = times[1]
    assert first < 10
    assert max(np.diff([time for time in times if first <= time < 18])) <= 4.5


def test_the_more_there_was_to_read_the_longer_until_the_next_frame() -> None:
    def pause(lines: int) -> float:
        when, blinking = OcrSchedule(), np.kron(np.indices((16, 16)).sum(axis=0) % 2, np.full((8, 8), 255.0))
        assert when(0.0, blinking.astype(np.float32))
        when.saw([line("Anna")] * lines)
        later = (number / 10 for number in range(1, 200))
        return next(time for time in later if when(time, (255 - blinking).astype(np.float32)))

    assert 0.5 < pause(0) < pause(10) < pause(100) < 10


def test_words_in_a_video_are_found_with_their_time(eyes: Reader, tmp_path: Path) -> None:
    def title(time: float, width: int, height: int) -> Picture:
        return written(place(3)(time, width, height), ("A Short History", 60, 100), ("of Lighthouses", 60, 135))

    scenes = [Scene(place(3), 2), Scene(title, 3), Scene(place(5), 2)]
    path = write_clip(tmp_path / "titled.mp4", scenes, size=SMALL, fps=6, bit_rate=800_000)
    (caption,) = captions_of(path, eyes)
    assert caption.text == "A Short History of Lighthouses"
    assert caption.start == pytest.approx(2, abs=0.35)
    assert caption.end == pytest.approx(5, abs=0.35)
    assert caption.confidence > 0.9


@pytest.mark.parametrize("speed", [0, 3])
def test_texts_of_a_video_that_change_or_go_end_when_they_were_last_seen(
    eyes: Reader, tmp_path: Path, speed: int
) -> None:
    """A score changes, a name goes, and the name of the channel stays, before a picture that stands still or moves."""

    def picture(time: float, width: int, height: int) -> Picture:
        texts = [("CHANNEL 4", 330, 20), ("HOME 2:1" if time < 5 else "HOME 2:2", 30, 20)]
        texts += [("Anna Meyer, keeper", 30, 220)] if time < 7 else []
        return written(place(7)(speed * time, width, height), *texts, bold=1)

    path = write_clip(tmp_path / "match.mp4", [Scene(picture, 10)], size=SMALL, fps=6, bit_rate=800_000)
    found = {"".join(caption.text.split()): (caption.start, caption.end) for caption in captions_of(path, eyes)}
    truth = {"CHANNEL4": (0, 10), "HOME2:1": (0, 5), "HOME2:2": (5, 10), "AnnaMeyer,keeper": (0, 7)}
    assert found == {text: pytest.approx(times, abs=0.35) for text, times in truth.items()}


def captions_of(path: Path, eyes: Reader) -> list[Caption]:
    """The texts of a video, of which frames are read as an extraction does."""
    when, captions, history, small, end = OcrSchedule(), Captions(), PlaceHistory(), VideoReformatter(), 0.0
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            end = frame.time + 1 / 6
            if number % 2:
                continue
            stats = frame_stats(frame, frame.time, small)
            history.add(stats.time, stats.luma)
            if when(stats.time, stats.luma):
                lines = eyes.read(np.asarray(frame.to_image()))
                when.saw(lines)
                captions.add(stats.time, lines, history)
                history.was_read()
    return captions.finish(end)
