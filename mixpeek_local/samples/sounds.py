"""What the scenes sound like: each function gives stereo samples for a number of seconds.

A sound is a float array of samples x 2 channels. The same seed gives the same sound.
"""

import numpy as np

from mixpeek_local.samples.drawing import Array, ramp

RATE = 48_000
FADE = 0.08


def times(seconds: float) -> Array:
    """Return the moment of each sample."""
    return np.arange(round(seconds * RATE)) / RATE


def noise(rng: np.random.Generator, seconds: float, low: float, high: float, tilt: float = 0.5) -> Array:
    """Return stereo noise between two frequencies, with less energy the higher they are."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(rng.normal(size=(count, 2)), axis=0)
    pitch = np.fft.rfftfreq(count, 1 / RATE)
    gain = ramp(low * 0.6, low, pitch) * ramp(high * 1.6, high, pitch) / np.maximum(pitch, 20) ** tilt
    wave = np.fft.irfft(spectrum * gain[:, None], count, axis=0)
    return wave / np.sqrt(np.mean(wave**2))


def place(sound: Array, start: float, note: Array, pan: float) -> None:
    """Add a mono note to a sound at a moment, from the left (``pan`` -1) to the right (1)."""
    first = max(round(start * RATE), 0)
    part = sound[first : first + note.size]
    sides = np.array([np.cos((pan + 1) * np.pi / 4), np.sin((pan + 1) * np.pi / 4)])
    part += note[: len(part), None] * sides


def tone(pitches: Array, loudness: Array) -> Array:
    """Return a sine whose pitch and loudness are given for each sample."""
    return loudness * np.sin(2 * np.pi * np.cumsum(pitches) / RATE)


def pluck(pitch: float, seconds: float, decay: float, partials: tuple[float, ...]) -> Array:
    """Return a struck note that dies away; ``partials`` are the loudness of its overtones."""
    t = times(seconds)
    waves = [loud * np.sin(2 * np.pi * pitch * n * t) * np.exp(-t * decay * n) for n, loud in enumerate(partials, 1)]
    return np.sum(waves, axis=0) * ramp(0, 0.004, t)


def surf(seconds: float, seed: int) -> Array:
    """Return waves that roll in, and gulls."""
    rng = np.random.default_rng(seed)
    t = times(seconds)[:, None]
    roll = 0.5 + 0.5 * np.sin(2 * np.pi * t / 4.6 + np.array([0.0, 0.7]) + seed)
    sound = 0.16 * (0.25 + roll**2) * noise(rng, seconds, 90, 2400, 0.6)
    sound += 0.05 * roll**4 * noise(rng, seconds, 2500, 9000, 0.3)
    for start in (1.2, 1.75, 6.1, 6.6, 7.1):
        call = times(0.38)
        pitches = 1250 - 420 * call / 0.38 + 60 * np.sin(2 * np.pi * 22 * call)
        cry = tone(pitches, np.sin(np.pi * call / 0.38)) + 0.4 * tone(pitches * 2, np.sin(np.pi * call / 0.38))
        place(sound, start + rng.uniform(0, 0.1), 0.10 * cry, rng.uniform(-0.7, 0.7))
    return sound


def fog_horn(seconds: float, seed: int) -> Array:
    """Return a calm sea at night, wind, and a fog horn."""
    rng = np.random.default_rng(seed)
    t = times(seconds)[:, None]
    sound = 0.07 * (0.7 + 0.4 * np.sin(t * 1.2)) * noise(rng, seconds, 60, 900, 0.8)
    for start in (1.5, 6.5):
        blast = times(2.2)
        loud = ramp(0, 0.25, blast) * ramp(2.2, 1.5, blast)
        horn = sum(tone(np.full(blast.size, 98.0 * n), loud / n**1.1) for n in range(1, 8))
        place(sound, start, 0.22 * np.asarray(horn), 0.4)
    return sound


def bubbles(seconds: float, seed: int) -> Array:
    """Return the muffled rumble under water, with rising bubbles."""
    rng = np.random.default_rng(seed)
    t = times(seconds)[:, None]
    sound = 0.2 * (0.8 + 0.2 * np.sin(t * 0.9)) * noise(rng, seconds, 40, 260, 0.9)
    for start in np.sort(rng.uniform(0, seconds, round(seconds * 9))):
        pop = times(rng.uniform(0.04, 0.11))
        pitches = rng.uniform(350, 1100) * (1 + 9 * pop)
        place(sound, start, rng.uniform(0.04, 0.14) * tone(pitches, np.exp(-pop * 32)), rng.uniform(-0.9, 0.9))
    return sound


def traffic(seconds: float, seed: int) -> Array:
    """Return the hum of a city, rain, and cars that pass."""
    rng = np.random.default_rng(seed)
    t = times(seconds)
    hum = 0.05 * (np.sin(2 * np.pi * 60 * t) + 0.6 * np.sin(2 * np.pi * 120 * t + 1))
    sound = hum[:, None] + 0.035 * noise(rng, seconds, 1500, 11000, 0.2) + 0.05 * noise(rng, seconds, 50, 200)
    tyres = noise(rng, seconds, 180, 1800, 0.5)
    for number, middle in enumerate(np.arange(0.8, seconds, 1.9)):
        near = np.exp(-(((t - middle) / 0.5) ** 2))
        side = np.tanh((t - middle) * 2.2) * (-1) ** number
        sound += 0.17 * (near * np.stack([1 - 0.8 * side, 1 + 0.8 * side])).T * tyres
        motor = tone(95 - 16 * np.tanh((t - middle) * 3), near)
        sound += 0.1 * (motor * np.stack([1 - 0.8 * side, 1 + 0.8 * side])).T
    return sound


def ticking(seconds: float, seed: int) -> Array:
    """Return a metronome at 120 beats a minute, and a slow tune on a music box."""
    rng = np.random.default_rng(seed)
    sound = 0.004 * noise(rng, seconds, 100, 2000)
    tune = (60, 67, 64, 72, 71, 67, 64, 62, 57, 64, 60, 69, 67, 64, 62, 67)
    for beat in range(int(seconds * 2)):
        tick = pluck(1900 if beat % 4 else 2600, 0.09, 70, (1, 0.5, 0.3))
        place(sound, beat / 2, 0.5 * tick, 0.0)
        note = pluck(440 * 2 ** ((tune[beat % len(tune)] - 57) / 12), 1.6, 3, (1, 0.35, 0.2, 0.08))
        place(sound, beat / 2, 0.13 * note, -0.3 + 0.2 * (beat % 4))
    return sound


def birdsong(seconds: float, seed: int) -> Array:
    """Return wind in the leaves, and birds."""
    rng = np.random.default_rng(seed)
    t = times(seconds)[:, None]
    sound = 0.03 * (0.8 + 0.4 * np.sin(t * 0.8) * np.sin(t * 0.31 + 1)) * noise(rng, seconds, 400, 6000, 0.5)
    start = 0.3
    while start < seconds - 0.8:
        base, pan, style = rng.uniform(2400, 4600), rng.uniform(-0.9, 0.9), rng.integers(3)
        for chirp in range(int(rng.integers(2, 6))):
            note = times(rng.uniform(0.07, 0.16))
            part = note / note[-1]
            bend = (600 * part, -700 * part, 350 * np.sin(part * 9))[style]
            place(sound, start + chirp * 0.17, 0.22 * tone(base + bend, np.sin(np.pi * part) ** 2), pan)
        start += rng.uniform(0.5, 1.3)
    return sound


def winter_wind(seconds: float, seed: int) -> Array:
    """Return a cold wind, and sleigh bells in the distance."""
    rng = np.random.default_rng(seed)
    t = times(seconds)[:, None]
    gust = 0.5 + 0.5 * np.sin(t * 0.9 + np.array([0.0, 0.6])) * np.sin(t * 0.37 + 0.8)
    sound = 0.12 * (0.35 + gust) * noise(rng, seconds, 250, 800, 0.7)
    sound += 0.035 * gust**2 * noise(rng, seconds, 900, 1900, 0.3)
    for beat in np.arange(0.4, seconds - 0.2, 0.36):
        bell = sum(pluck(pitch, 0.3, 16, (1,)) for pitch in rng.uniform(3800, 6500, 4))
        place(sound, beat, 0.035 * np.sin(np.pi * beat / seconds) * np.asarray(bell), -0.5 + beat / seconds)
    return sound


def starlight(seconds: float, seed: int) -> Array:
    """Return a slow chord that drifts, with high sparkling notes."""
    rng = np.random.default_rng(seed)
    t = times(seconds)
    sound = np.zeros((t.size, 2))
    for pitch in (55, 82.4, 110, 164.8, 207.7, 246.9):
        for side in range(2):
            beat = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.05, 0.2) * t + rng.uniform(0, 6))
            sound[:, side] += 0.09 * beat * np.sin(2 * np.pi * (pitch + rng.uniform(-0.4, 0.4)) * t)
    for start in np.arange(0.5, seconds - 0.5, 0.7):
        pitch = 880 * 2 ** (float(rng.choice([0, 2, 4, 7, 9, 12])) / 12)
        place(sound, start, 0.05 * pluck(pitch, 1.6, 2.5, (1, 0.2)), rng.uniform(-0.9, 0.9))
    return sound


def finish(sound: Array) -> Array:
    """Limit the peaks of a scene's sound and fade it in and out, so that cuts do not click."""
    t = np.arange(len(sound)) / RATE
    edge = ramp(0, FADE, t) * ramp(t[-1], t[-1] - FADE, t)
    loud = np.tanh(sound * (0.9 / np.quantile(np.abs(sound), 0.999)))
    return (0.75 * loud * edge[:, None]).astype(np.float32)
