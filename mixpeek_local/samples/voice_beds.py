"""What lies under the voices of the samples, and a tune: each function gives stereo samples, as in `sounds`."""

import numpy as np

from mixpeek_local.samples.drawing import Array, ramp
from mixpeek_local.samples.sounds import noise, place, pluck, times, tone

BURNS = ((0.2, 0.8), (3.4, 3.8), (8.6, 9.6))
"""When the flame of the balloon burns, in seconds; between the sentences."""


def rumble(seconds: float, seed: int) -> Array:
    """Return a mountain that rumbles, with booms and the crackle of fire."""
    rng = np.random.default_rng(seed)
    t = times(seconds)[:, None]
    sound = 0.2 * (0.8 + 0.3 * np.sin(t * 1.7) * np.sin(t * 0.6)) * noise(rng, seconds, 30, 140, 0.8)
    for start in np.arange(0.2, seconds - 0.3, 2.2):
        blast = times(1.6)
        boom = np.sin(2 * np.pi * 46 * blast * np.exp(-blast * 0.3)) * np.exp(-blast * 3.2) * ramp(0, 0.02, blast)
        place(sound, start, 0.4 * boom, rng.uniform(-0.3, 0.3))
    for start in rng.uniform(0, seconds, round(seconds * 26)):
        snap = times(0.012)
        place(
            sound, start, rng.uniform(0.03, 0.16) * rng.normal(size=snap.size) * np.exp(-snap * 420), rng.uniform(-1, 1)
        )
    return sound


def humming(seconds: float, seed: int) -> Array:
    """Return bees that hum near and far, and a breeze."""
    rng = np.random.default_rng(seed)
    t = times(seconds)
    sound = 0.05 * (1 + 0.3 * np.sin(t * 0.7))[:, None] * noise(rng, seconds, 300, 3000, 0.7)
    for bee in range(6):
        pitch = rng.uniform(190, 250) * (1 + 0.04 * np.sin(t * rng.uniform(1, 3) + bee) + 0.01 * np.sin(t * 19 + bee))
        near = 0.35 + 0.65 * np.sin(t * rng.uniform(0.4, 1.1) + bee * 2) ** 2
        wave = sum(tone(pitch * part, near / part) for part in range(1, 9))
        place(sound, 0, 0.035 * np.asarray(wave), rng.uniform(-0.9, 0.9))
    return sound


def gas_flame(seconds: float, seed: int) -> Array:
    """Return a high, quiet wind, and the roar of a burner while it burns."""
    rng = np.random.default_rng(seed)
    t = times(seconds)[:, None]
    sound = 0.06 * (0.8 + 0.3 * np.sin(t * 0.8)) * noise(rng, seconds, 120, 700, 0.8)
    roar = noise(rng, seconds, 150, 2600, 0.35)
    for start, end in BURNS:
        sound += 0.3 * ramp(start, start + 0.15, t) * ramp(end, end - 0.25, t) * roar
    return sound


def kitchen(seconds: float, seed: int) -> Array:
    """Return the quiet of a kitchen: a pot that simmers, and dishes that clink."""
    rng = np.random.default_rng(seed)
    sound = 0.05 * noise(rng, seconds, 80, 500, 0.8)
    for start in rng.uniform(0, seconds, round(seconds * 12)):
        bubble = times(0.05)
        place(
            sound,
            start,
            0.05 * tone(rng.uniform(240, 520) * (1 + 5 * bubble), np.exp(-bubble * 60)),
            rng.uniform(-0.6, 0.2),
        )
    for start in np.arange(0.3, seconds - 0.5, 4.6):
        for clink in range(2):
            dish = np.asarray(sum(pluck(pitch, 0.5, 9, (1, 0.3)) for pitch in rng.uniform(2200, 4200, 3)))
            place(sound, start + clink * 0.14, 0.06 * dish, 0.5)
    return sound


def whisking(seconds: float, seed: int) -> Array:
    """Return a whisk that goes round in a bowl."""
    rng = np.random.default_rng(seed)
    t = times(seconds)[:, None]
    turn = 2 * np.pi * 1.1 * t + np.array([0.0, 0.6])
    sound = 0.03 * noise(rng, seconds, 80, 500, 0.8)
    sound += 0.12 * (0.5 + 0.5 * np.sin(turn)) ** 3 * noise(rng, seconds, 1400, 5200, 0.4)
    sound += 0.08 * (0.5 + 0.5 * np.sin(turn + 2.4)) ** 4 * noise(rng, seconds, 300, 900, 0.5)
    return sound


def kitchen_waltz(seconds: float, seed: int) -> Array:
    """Return a merry tune of plucked strings in three-four time, over butter that sizzles."""
    rng = np.random.default_rng(seed)
    sound = 0.012 * noise(rng, seconds, 3000, 9000, 0.2)
    beat = 60 / 150
    chords = (
        (43, 59, 62),
        (43, 59, 62),
        (48, 60, 64),
        (43, 59, 62),
        (40, 59, 64),
        (45, 60, 64),
        (50, 60, 66),
        (43, 59, 62),
    )
    melody = (74, 71, 74, 79, 0, 78, 76, 72, 76, 74, 0, 71, 76, 79, 78, 76, 74, 72, 69, 72, 78, 79, 0, 0)
    for step in range(int(seconds / beat)):
        bar, count = divmod(step, 3)
        bass, *upper = chords[bar % len(chords)]
        for note in [bass] if count == 0 else upper:
            string = pluck(440 * 2 ** ((note - 69) / 12), 1.4, 3.2, (1, 0.5, 0.3, 0.15, 0.08))
            place(sound, step * beat, (0.20 if count == 0 else 0.09) * string, -0.35)
        if melody[step % len(melody)]:
            string = pluck(440 * 2 ** ((melody[step % len(melody)] - 69) / 12), 1.2, 3.0, (1, 0.6, 0.25, 0.2, 0.1))
            place(sound, step * beat, 0.19 * string, 0.3)
    return sound
