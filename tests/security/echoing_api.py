"""A Mixpeek that repeats the key in all that it says: errors, redirects, headers, tasks, assets, features."""

import json
from typing import Any

from tests.fakes.mixpeek import KEY, Answer, Request, ScriptedMixpeek, Video

ESCAPED = "".join(f"\\u{ord(character):04x}" for character in KEY)
"""The key as a JSON text may have it, too."""

_DECIMAL, _HEXADECIMAL, _URL = (
    "".join(written.format(ord(character)) for character in KEY) for written in ("&#{};", "&#x{:X};", "%{:02x}")
)
SPELLINGS = {
    "JSON": ESCAPED,
    "JSON within JSON": ESCAPED.replace("\\", "\\\\"),
    "HTML by numbers": _DECIMAL,
    "HTML by hexadecimal numbers": _HEXADECIMAL,
    "HTML by names": KEY.replace("_", "&lowbar;"),
    "HTML within HTML": _DECIMAL.replace("&", "&amp;"),
    "a URL": _URL,
    "a URL in capitals": _URL.upper().replace("%5F", "_"),
    "a URL within a URL": _URL.replace("%", "%25"),
    "HTML within a URL": _HEXADECIMAL.replace("&", "%26").replace("#", "%23").replace(";", "%3B"),
    "a URL within HTML": _URL.replace("%", "&percnt;"),
    "JSON within HTML": ESCAPED.replace("\\", "&bsol;"),
    "a URL within JSON": "".join(f"\\u0025{ord(character):X}" for character in KEY),
}
"""The key as a server may write it that escapes what it echoes."""

ECHO = ", ".join([KEY, *SPELLINGS.values()])


def forms() -> list[bytes]:
    """Return what no place may hold: the key, each spelling, and both as JSON in JSON in JSON has them."""
    found = {KEY, *SPELLINGS.values()}
    for _ in range(3):
        found |= {json.dumps(one)[1:-1] for one in found}
    return [one.encode() for one in sorted(found)]


REFUSED, LOST, FAILED, OBJECT, ODD, BLOCKED, MOVED, DONE, LATE = (
    f"http://videos.test/{name}.mp4"
    for name in ("refused", "lost", "failed", "object", "odd", "blocked", "moved", "done", "late")
)
FIRST = (REFUSED, LOST, FAILED, OBJECT, ODD, BLOCKED, MOVED, DONE)


def denial() -> Answer:
    error = {"message": f"Bearer {ECHO} is no key", "type": KEY, "details": {"key": KEY}}
    return Answer({"success": False, "status": 401, "error": error}, 401)


def teach(mixpeek: ScriptedMixpeek) -> None:
    """Tell the server what becomes of each video, and to repeat the key."""
    feature = {
        "feature_id": f"text-{KEY}",
        "modality": "text",
        "text": f"the key is {KEY}.",
        "transcription": ECHO,
        "description": ECHO,
        "metadata": {KEY: [KEY], **{one: [one] for one in SPELLINGS.values()}},
        KEY: {"list": [KEY, ECHO]},
    }
    mixpeek.vectors["text-***"] = {KEY: [0.6, 0.8], "multimodal": [0.6, 0.8], f"bad {ECHO}": [ECHO], _URL: [0.6, 0.8]}
    asset = {
        "metadata": {KEY: KEY, ECHO: [ECHO]},
        "status": ECHO,
        "url": f"http://videos.test/?key={_URL}",
        "error": {"key": ECHO},
    }
    mixpeek.videos = {
        FAILED: Video(["FAILED"], error=f"{ECHO} may not"),
        OBJECT: Video(["FAILED"], error={"message": f"{ECHO} may not", KEY: [ECHO], ECHO: KEY}),
        ODD: Video([ECHO, "DONE"], features={KEY: [mixpeek.feature(KEY, "odd", transcription=KEY)]}),
        BLOCKED: Video(asset={"asset_id": "blocked"}),
        MOVED: Video(asset={"asset_id": "moved"}),
        DONE: Video(features={"text": [feature, {"id": KEY}]}, asset=asset),
    }
    # Denied once and led astray once: the first landings fail with it, the next one lands.
    mixpeek.script("^GET /assets/blocked", denial())
    mixpeek.script("^GET /assets/moved", Answer(b"", 302, {"Location": f"http://videos.test/?key={_URL}"}))
    # Its id is masked, so it is asked for by another; a 404 right after its task would be taken for one that heals.
    mixpeek.script("^GET /features/(%2A|\\*)+-", Answer({"error": {"message": f"{ECHO} is gone"}}, 410), for_ever=True)
    usual = mixpeek.answer

    def answer(request: Request) -> Answer:
        said = _about_submission(request.body) or usual(request)
        if isinstance(said.body, dict) and said.status == 200:
            said.body = {**said.body, "debug": {"authorization": f"Bearer {ECHO}"}}
        return Answer(said.body, said.status, {**said.headers, "X-Echo": f"Bearer {KEY}"}, said.cut, said.delay)

    setattr(mixpeek, "answer", answer)  # noqa: B010 - a method is replaced, which a type checker refuses


def _about_submission(body: Any) -> Answer | None:
    url = body.get("url") if isinstance(body, dict) else None
    if url == REFUSED:
        return Answer(f'{{"error": {{"message": "not with {KEY}", "type": "{ESCAPED}"}}}}'.encode(), 400)
    if url == LOST:
        return Answer({"message": f"queued for {ECHO}"})
    return None
