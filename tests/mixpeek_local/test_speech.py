"""What is said is written down with its times; what is not said is not, whatever else there is to hear."""

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_local.extract.pcm import RATE
from mixpeek_local.extract.sounds import Sounds, sound_model
from mixpeek_local.extract.speech import Sentence, Word, placed, recogniser, said, sentences
from mixpeek_local.extract.vad import WINDOW_SECONDS, Piece, VoiceActivity
from mixpeek_local.models.catalogue import folder
from mixpeek_local.samples import FOLDER
from mixpeek_local.samples.scenes import CLIPS
from mixpeek_local.samples.words import Said
from tests.mixpeek_local.listening import Samples, batches, decoded, engine, heard, humming, melody, noise, quiet

GERMAN = Path(__file__).parent / "data" / "german.ogg"


def plain(text: str) -> list[str]:
    letters = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return ["seven" if word == "7" else word for word in letters.split()]


def wrong_words(expected: list[str], found: list[str]) -> float:
    """The word error rate: words that are missing, wrong or too many, by those expected."""
    costs = list(range(len(found) + 1))
    for row, word in enumerate(expected, 1):
        diagonal, costs[0] = costs[0], row
        for column, other in enumerate(found, 1):
            diagonal, costs[column] = (
                costs[column],
                min(costs[column] + 1, costs[column - 1] + 1, diagonal + (word != other)),
            )
    return costs[-1] / len(expected)


def transcript(spoken: list[Sentence]) -> str:
    return said(spoken, 0, float("inf"))


@pytest.fixture(scope="module", autouse=True)
def models() -> None:
    assert sound_model() and recogniser(), "the tests need the models: python -m mixpeek_local.get_models"


@pytest.fixture(scope="module")
def talk() -> Samples:
    return decoded(FOLDER / "talk.mp4")


@pytest.fixture(scope="module")
def spoken(talk: Samples) -> list[Sentence]:
    return heard(talk).sentences


@pytest.fixture(scope="module")
def lines() -> list[Said]:
    return next(clip for clip in CLIPS if clip.file == "talk.mp4").said


def test_what_is_said_is_written_down(spoken: list[Sentence], lines: list[Said]) -> None:
    expected = plain(" ".join(line.text for line in lines))
    assert wrong_words(expected, plain(transcript(spoken))) <= 0.06


def test_each_sentence_has_its_time(spoken: list[Sentence], lines: list[Said]) -> None:
    assert len(spoken) == len(lines)
    for sentence, line in zip(spoken, lines, strict=True):
        assert sentence.start == pytest.approx(line.start, abs=0.8)
        assert sentence.end == pytest.approx(line.end, abs=0.8)
        assert all(word.start <= word.end for word in sentence.words)
        assert 0.55 <= sentence.confidence <= 1


def test_a_segment_has_the_words_that_start_in_it(spoken: list[Sentence]) -> None:
    border = spoken[2].words[3].start
    before, after = said(spoken, 0, border), said(spoken, border, 30)
    assert f"{before} {after}" == transcript(spoken)
    assert before.endswith("".join(word.text for word in spoken[2].words[:3]))


def test_the_words_do_not_depend_on_the_sizes_of_frames(talk: Samples, spoken: list[Sentence]) -> None:
    assert heard(talk, size=30_011).sentences == spoken


def test_the_words_do_not_depend_on_whether_sounds_are_asked_for(talk: Samples, spoken: list[Sentence]) -> None:
    assert heard(talk, sounds=False).sentences == spoken


@pytest.mark.parametrize("sound", [melody, engine, humming, noise, quiet])
def test_music_and_noise_give_no_invented_words(sound: Callable[[float], Samples]) -> None:
    assert heard(sound(20)).sentences == []


@pytest.mark.parametrize("name", ["city", "forest", "harbour"])
def test_the_samples_without_a_voice_have_no_words(name: str) -> None:
    assert heard(decoded(FOLDER / f"{name}.mp4")).sentences == []


def test_without_yamnet_music_and_noise_give_no_words_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talk: Samples
) -> None:
    whisper = folder("whisper-tiny-en")
    assert whisper is not None
    (tmp_path / whisper.name).symlink_to(whisper)
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path))
    assert heard(np.concatenate([melody(10), engine(10), humming(10), noise(10)])).sentences == []
    assert len(heard(talk[: 10 * RATE]).sentences) == 2


def test_another_language_gives_no_invented_words() -> None:
    assert heard(decoded(GERMAN)).sentences == []


def test_with_the_model_for_many_languages_another_one_is_written_down_and_named(
    monkeypatch: pytest.MonkeyPatch, talk: Samples, spoken: list[Sentence]
) -> None:
    monkeypatch.setenv("MIXPEEK_SENSES", "multilingual")
    if recogniser() is None:
        pytest.skip("the model is downloaded only by those who ask for it: make models SENSES=multilingual")
    german, english = heard(decoded(GERMAN)).sentences, heard(talk).sentences
    assert {sentence.language for sentence in german} == {"de"}
    assert {"leuchtturm", "felsen", "lampe"} <= set(plain(transcript(german)))
    assert {sentence.language for sentence in english} == {"en"}
    assert wrong_words(plain(transcript(spoken)), plain(transcript(english))) <= 0.1


def test_a_voice_without_words_gives_no_invented_ones(talk: Samples) -> None:
    backwards, twice_as_fast = talk[::-1].copy(), talk[::2].copy()
    assert heard(backwards).sentences == []
    assert heard(twice_as_fast).sentences == []


def test_a_line_that_cannot_be_made_out_is_left_out_and_the_others_stay(talk: Samples, spoken: list[Sentence]) -> None:
    garbled = talk.copy()
    garbled[11 * RATE : 14 * RATE] = talk[11 * RATE : 14 * RATE][::-1]
    starts = [sentence.start for sentence in heard(garbled).sentences]
    assert starts == pytest.approx([sentence.start for sentence in spoken if not 11 <= sentence.start < 14], abs=0.3)


def test_words_after_a_long_time_without_any_have_their_time(talk: Samples, spoken: list[Sentence]) -> None:
    late = heard(np.concatenate([noise(100, 0.02), talk[: 10 * RATE]])).sentences
    assert plain(transcript(late)) == plain(said(spoken, 0, 10))
    assert late[0].start == pytest.approx(100 + spoken[0].start, abs=0.3)


def test_words_over_music_are_written_down(talk: Samples, lines: list[Said]) -> None:
    expected = plain(" ".join(line.text for line in lines))
    over_music = (talk + 0.3 * melody(len(talk) / RATE)).astype(np.float32)
    assert wrong_words(expected, plain(transcript(heard(over_music).sentences))) <= 0.15


def test_nothing_is_fetched_from_the_network() -> None:
    code = f"""
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise OSError(f"{{event}} {{arguments}}")
sys.addaudithook(refuse)
from pathlib import Path
from tests.mixpeek_local.listening import decoded, heard
print(len(heard(decoded(Path({str(FOLDER)!r}) / "talk.mp4")).sentences))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("6", "")


def pieces_of(samples: Samples, sounds: Sounds | None = None) -> list[Piece]:
    voices, pieces = VoiceActivity(sounds), []
    for batch in batches(samples):
        if sounds:
            sounds.hear(batch)
        pieces += voices.hear(batch)
    return [*pieces, *voices.finish()]


def test_a_voice_in_which_yamnet_hears_no_speech_is_not_believed(talk: Samples) -> None:
    model = sound_model()
    assert model is not None
    assert pieces_of(humming(20))
    assert not pieces_of(humming(20), Sounds(model))
    assert pieces_of(talk, Sounds(model))


def test_long_speech_comes_in_pieces_that_the_recogniser_takes(talk: Samples) -> None:
    speech = np.concatenate([talk[round(0.6 * RATE) : round(8.7 * RATE)]] * 8)
    pieces = pieces_of(speech)
    windows = np.concatenate([piece.times for piece in pieces])
    assert len(pieces) >= 3
    assert max(len(piece) for piece in pieces) * WINDOW_SECONDS < 30
    assert np.diff(windows) == pytest.approx(WINDOW_SECONDS), "its pauses are short: all of it is kept, once"
    assert len(windows) * WINDOW_SECONDS > 0.95 * len(speech) / RATE
    samples = np.concatenate([piece.samples for piece in pieces])
    first = np.round(windows * RATE).astype(int)
    assert all(
        (speech[start : start + 512] == row[: len(speech) - start]).all()
        for start, row in zip(first, samples, strict=True)
    )


def test_pieces_are_cut_in_pauses(talk: Samples) -> None:
    pieces = pieces_of(np.concatenate([talk[round(0.6 * RATE) : round(8.7 * RATE)]] * 8))
    for piece, following in pairwise(pieces):
        assert min(piece.voice[-6:].min(), following.voice[:6].min()) < 0.3


@pytest.mark.parametrize("seconds", [8.0, 8.1, 8.2, 8.3, 8.6, 9.0])
def test_what_comes_just_before_and_after_a_voice_is_kept(talk: Samples, seconds: float) -> None:
    line = talk[round(0.8 * RATE) : round(4.6 * RATE)]
    (piece,) = pieces_of(np.concatenate([quiet(seconds), line, quiet(3)]))
    assert piece.times[0] == pytest.approx(seconds - 0.6, abs=0.3)
    assert piece.times[-1] == pytest.approx(seconds + 3.8 + 0.6, abs=0.3)


def test_words_far_apart_are_not_recognised_together(talk: Samples) -> None:
    line = talk[round(0.6 * RATE) : round(4.9 * RATE)]
    pieces = pieces_of(np.concatenate([line, quiet(4), line, quiet(14), line]))
    assert [len(np.unique(np.round(np.diff(piece.times), 3))) for piece in pieces] == [2, 1]


def test_an_hour_of_speech_would_hold_less_than_a_minute_of_it(talk: Samples) -> None:
    voices = VoiceActivity(None)
    line = talk[round(0.6 * RATE) : round(8.7 * RATE)]
    parts = list(batches(np.concatenate([line] * 20)))
    for batch in parts[:2]:
        list(voices.hear(batch))
    tracemalloc.start()
    for batch in parts[2:]:
        for piece in voices.hear(batch):
            del piece
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 60 * RATE * 4


@dataclass
class Found:
    start: float
    end: float
    word: str
    probability: float = 1


def test_a_word_does_not_reach_over_what_was_left_out() -> None:
    run = np.arange(25, dtype=np.float64) * WINDOW_SECONDS
    windows = np.concatenate([10 + run, 60 + run])
    piece = Piece(windows, np.zeros((50, 512), np.float32), np.ones(50, np.float32))
    words = list(placed(piece, [Found(0.2, 0.4, " one"), Found(0.6, 0.9, " two"), Found(0.7, 1.6, " three")]))
    assert [(word.start, word.end) for word in words] == [(10.2, 10.4), (10.6, 10.8), (60, 60.8)]


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.sampled_from([" the", " Then", " end.", " Mr.", " why?", "-on", " 9.30", " so."]))
    )
)
def test_sentences_hold_every_word_in_its_order(spoken: list[tuple[float, str]]) -> None:
    words, time = [], 0.0
    for pause, text in spoken:
        time += pause
        words.append(Word(time, time + 0.2, text, 0.9))
        time += 0.2
    found = list(sentences(words))
    assert [word for sentence in found for word in sentence.words] == words
    assert all(sentence.words for sentence in found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (" It is late. Go home.", 2),
        (" Come at 2 p.m. here.", 1),
        (" Mr. Hill cooks. Look at example.com today!", 2),
        (" Is it? Yes! No", 3),
    ],
)
def test_a_sentence_ends_with_its_mark_and_not_within_it(text: str, count: int) -> None:
    words = [Word(n, n + 0.9, f" {one}", 1) for n, one in enumerate(text.split())]
    assert len(list(sentences(words))) == count
