"""A Mixpeek whose every value is at the edge of what a table, a date, a path or a page can hold, or beyond it."""

import json
from typing import Any

from tests.fakes.mixpeek import Answer, Request, ScriptedMixpeek, Video

LONG = "x" * 1_000_000
DEEP: Any = 1
for _ in range(150):
    DEEP = [DEEP]

DATES = (
    *("0000-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "20000-01-01T00:00:00Z", "294247-01-10"),
    *("2024-01-01 (BC)", "infinity", "-infinity", "epoch", "", 1e308, -1, None, [], True, "2026-01-01T00:00:00+99:00"),
)
NUMBERS = (1e308, -1e308, 1e-320, -0.0, 2**63, 2**64, 10**400, -(10**30), True, "7", [], None)


def videos(mixpeek: ScriptedMixpeek) -> dict[str, Video]:
    """Return what becomes of each video, by what is odd about it."""

    def odd_asset(**fields: Any) -> Video:
        return Video(asset=fields, features={"text": [mixpeek.feature("text", "a")]})

    def listed(*features: Any) -> Video:
        return Video(features={"text": list(features)})

    # A 404 right after a task is over would be taken for one that heals.
    mixpeek.vectors.update({str(float(number)): {"odd": [0.6, 0.8]} for number in (1e308, 2**64)})
    found = {
        "long-task-id": Video(task_id=LONG),
        "dot-task-id": Video(task_id="."),
        "dots-task-id": Video(task_id=".."),
        "control-task-id": Video(task_id="\x00\x1b[31m\n\u202e"),
        "long-status": Video([LONG, "DONE"]),
        "long-error": Video(["FAILED"], error={"message": LONG, "deep": DEEP}),
        "number-error": Video(["FAILED"], error=1e308),
        "long-asset-id": odd_asset(asset_id=LONG),
        "dot-asset-id": odd_asset(asset_id="."),
        "control-asset-id": odd_asset(asset_id="\x00\x1b[31m\n/../?#%"),
        "long-texts": odd_asset(status=LONG, modality=LONG, url=LONG, metadata={LONG: LONG}, error=LONG),
        "deep": odd_asset(metadata=DEEP),
        "long-feature-id": listed({"feature_id": LONG}),
        "dot-feature-ids": listed({"feature_id": "."}, {"feature_id": ".."}, {"feature_id": ""}, {"feature_id": None}),
        "number-feature-id": listed({"feature_id": 1e308}, {"feature_id": 2**64}, {"feature_id": True}),
        "long-modality": Video(features={LONG: [mixpeek.feature(LONG, "a", text=LONG, transcription=LONG)]}),
        "long-vector-name": listed(mixpeek.feature("text", "a", {LONG: [0.5, 0.5], "short": [0.5, 0.5]})),
        "large-vector": listed(mixpeek.feature("text", "a", {"large": [3.4e38, -3.4e38], "tiny": [1e-45, 1e-320]})),
        "larger-vector": listed(mixpeek.feature("text", "a", {"larger": [3.5e38], "huge": [10**400], "inf": [1e999]})),
    }
    for number, date in enumerate(DATES):
        feature = mixpeek.feature("text", "a")
        feature["created_at"] = date
        found[f"date-{number}"] = Video(asset={"created_at": date, "updated_at": date}, features={"text": [feature]})
    for number, value in enumerate(NUMBERS):
        feature = mixpeek.feature("text", "a", start_time=value, end_time=value, text=value)
        found[f"number-{number}"] = Video(asset={"score": value, "status": value}, features={"text": [feature]})
    return found


def teach(mixpeek: ScriptedMixpeek) -> list[str]:
    """Tell the server what becomes of each video, and return their URLs; those of plain ones stand between them."""
    urls: list[str] = []
    for name, video in videos(mixpeek).items():
        odd, plain = f"http://videos.test/odd/{name}.mp4", f"http://videos.test/plain/{name}.mp4"
        mixpeek.videos[odd] = video
        urls += [odd, plain]
    usual = mixpeek.answer

    def answer(request: Request) -> Answer:
        said = usual(request)
        body = said.body
        if isinstance(body, dict):
            # A key given twice, and what only Python's JSON knows.
            body = json.dumps(body)[:-1].encode() + b', "odd": NaN, "odd": 1e999, "half": "\\ud800"}'
        return Answer(
            body, said.status, {"Date": "Fri, 31 Dec 9999 23:59:59 GMT", **said.headers}, said.cut, said.delay
        )

    setattr(mixpeek, "answer", answer)  # noqa: B010 - a method is replaced, which a type checker refuses
    return urls
