"""What is learned of drawn words is the map from pictures to words."""

import numpy as np
import pytest

from mixpeek_local.learn import drawn, fitted, placed

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    "text", ["sea", "a crowd of people in a narrow street of the old town at night", "Donaudampfschiff"]
)
def test_a_text_is_drawn_within_the_margins(text: str) -> None:
    picture = drawn(text)
    assert picture.shape == (160, 160, 3)
    assert picture.min() == 0
    inner = np.zeros((160, 160), bool)
    inner[4:-4, 4:-4] = True
    assert (picture[~inner] == 255).all()


def test_a_short_text_has_larger_letters() -> None:
    ink = [(drawn(text) < 128).any(axis=(1, 2)).sum() for text in ("sea", "extraordinarily")]
    assert ink[0] > ink[1]


def test_the_map_takes_the_vector_of_a_drawn_text_to_that_of_its_words() -> None:
    embedded = RANDOM.normal(size=(400, 24)).astype(np.float32)
    embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
    # A picture has what its words have, in other directions, and something that all pictures have.
    seen = embedded @ np.linalg.qr(RANDOM.normal(size=(40, 24)))[0].T + RANDOM.normal(size=40)
    seen = (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)
    mean_of_words, to_words = fitted(seen[:300], embedded[:300])
    mapped, wanted = (seen - seen.mean(axis=0))[300:] @ to_words, embedded[300:] - mean_of_words
    assert (np.argmax(mapped @ wanted.T, axis=1) == np.arange(100)).mean() > 0.95


def test_the_place_of_a_label_is_between_the_ways_to_draw_it() -> None:
    looks = [RANDOM.normal(size=(20, 512)).astype(np.float32) for _ in range(2)]
    places = placed(*looks)
    assert np.linalg.norm(places, axis=1) == pytest.approx(1)
    assert all((places @ (look - look.mean(axis=0)).T).argmax(axis=1).tolist() == [*range(20)] for look in looks)
