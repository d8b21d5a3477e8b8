"""A Mixpeek that repeats the key in all that it says: errors, redirects, headers, tasks, assets, features."""

from typing import Any

from tests.fakes.mixpeek import KEY, Answer, Request, ScriptedMixpeek, Video

ESCAPED = "".join(f"\\u{ord(character):04x}" for character in KEY)
"""The key as a JSON text may have it, too."""

REFUSED, LOST, FAILED, OBJECT, ODD, BLOCKED, MOVED, DONE, LATE = (
    f"http://videos.test/{name}.mp4"
    for name in ("refused", "lost", "failed", "object", "odd", "blocked", "moved", "done", "late")
)
FIRST = (REFUSED, LOST, FAILED, OBJECT, ODD, BLOCKED, MOVED, DONE)


def denial() -> Answer:
    error = {"message": f"Bearer {KEY} is no key", "type": KEY, "details": {"key": KEY}}
    return Answer({"success": False, "status": 401, "error": error}, 401)


def teach(mixpeek: ScriptedMixpeek) -> None:
    """Tell the server what becomes of each video, and to repeat the key."""
    feature = {
        "feature_id": f"text-{KEY}",
        "modality": "text",
        "text": f"the key is {KEY}.",
        "transcription": KEY,
        "description": KEY,
        "metadata": {KEY: [KEY]},
        KEY: {"list": [KEY]},
    }
    mixpeek.vectors["text-***"] = {KEY: [0.6, 0.8], "multimodal": [0.6, 0.8], f"bad {KEY}": [KEY]}
    asset = {"metadata": {KEY: KEY}, "status": KEY, "url": f"http://videos.test/?key={KEY}", "error": {"key": KEY}}
    mixpeek.videos = {
        FAILED: Video(["FAILED"], error=f"{KEY} may not"),
        OBJECT: Video(["FAILED"], error={"message": f"{KEY} may not", KEY: [KEY]}),
        ODD: Video([KEY, "DONE"], features={KEY: [mixpeek.feature(KEY, "odd", transcription=KEY)]}),
        BLOCKED: Video(asset={"asset_id": "blocked"}),
        MOVED: Video(asset={"asset_id": "moved"}),
        DONE: Video(features={"text": [feature, {"id": KEY}]}, asset=asset),
    }
    # Denied once and led astray once: the first landings fail with it, the next one lands.
    mixpeek.script("^GET /assets/blocked", denial())
    mixpeek.script("^GET /assets/moved", Answer(b"", 302, {"Location": f"http://videos.test/?key={KEY}"}))
    # Its id is masked, so it is asked for by another; a 404 right after its task would be taken for one that heals.
    mixpeek.script("^GET /features/(%2A|\\*)+-", Answer({"error": {"message": f"{KEY} is gone"}}, 410), for_ever=True)
    usual = mixpeek.answer

    def answer(request: Request) -> Answer:
        said = _about_submission(request.body) or usual(request)
        if isinstance(said.body, dict) and said.status == 200:
            said.body = {**said.body, "debug": {"authorization": f"Bearer {KEY}"}}
        return Answer(said.body, said.status, {**said.headers, "X-Echo": f"Bearer {KEY}"}, said.cut, said.delay)

    setattr(mixpeek, "answer", answer)  # noqa: B010 - a method is replaced, which a type checker refuses


def _about_submission(body: Any) -> Answer | None:
    url = body.get("url") if isinstance(body, dict) else None
    if url == REFUSED:
        return Answer(f'{{"error": {{"message": "not with {KEY}", "type": "{ESCAPED}"}}}}'.encode(), 400)
    if url == LOST:
        return Answer({"message": f"queued for {KEY}"})
    return None
