"""Outcomes of videos: replies to reads by an id, changed as the video's rule says."""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mixpeek_local.faults.exchange import Exchange, Reply
from mixpeek_local.faults.rules import OutcomeRule
from mixpeek_local.faults.script import Script
from mixpeek_local.http.replies import error
from mixpeek_local.store.store import Store

Body = dict[str, Any]

_READ = re.compile(r"(?:/v1)?/(tasks|assets|features)/([^/]+)(?:/features)?")
WITHOUT_FEATURES = ("failed", "cancelled", "no-features")


class Outcomes:
    """Plays a script's rules for videos. It changes true replies only, so without the key nothing shows."""

    def __init__(self, app: ASGIApp, script: Script, store: Store) -> None:
        self._app = app
        self._script = script
        self._store = store
        self._changes = {"tasks": self._task, "assets": self._asset, "features": self._feature}
        self._rows = {"tasks": store.tasks.get, "assets": store.asset, "features": store.feature}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its reply back."""
        read = _READ.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if read is None or not self._script.has_outcomes:
            await self._app(scope, receive, send)
            return
        reply = await Exchange(self._app, scope, receive, send).work()
        if reply.status == 200:
            reply = self._changed(reply, scope["path"], *read.groups())
        await reply.send(send)

    def _changed(self, reply: Reply, path: str, kind: str, object_id: str) -> Reply:
        row = self._rows[kind](object_id)
        rule = row and self._script.outcome(row["url"])
        if not rule:
            return reply
        before = orjson.loads(reply.body)
        after = self._changes[kind](rule, object_id, before)
        if after == before:
            return reply
        self._script.note(rule, "GET", path)
        if after is None:
            return Reply.of(error(404, f"there is no {kind.removesuffix('s')} with this id"))
        reply.body = json.dumps(after).encode()  # unlike orjson, it writes NaN
        return reply

    def _task(self, rule: OutcomeRule, task_id: str, body: Body) -> Body | None:
        number = self._script.asked("task", task_id)
        if number <= len(rule.statuses):
            return _with_status(body, rule.statuses[number - 1])
        if rule.outcome == "forgotten":
            return None
        if rule.status is None:
            return body
        changed = _with_status(body, rule.status)
        return changed | {"error": rule.error} if rule.error is not None else changed

    def _asset(self, rule: OutcomeRule, asset_id: str, body: Body) -> Body | None:
        if rule.outcome == "late-asset" and self._script.asked("asset", asset_id) <= rule.times:
            return None
        if "features" not in body:
            return _asset(rule, body)
        features = body["features"]
        if rule.outcome in WITHOUT_FEATURES:
            features = {modality: [] for modality in features}
        return body | {"asset": _asset(rule, body["asset"]), "features": features}

    def _feature(self, rule: OutcomeRule, feature_id: str, body: Body) -> Body | None:
        if rule.first is not None:
            listed = [row["feature_id"] for row in self._store.features(body["asset_id"])]
            if feature_id not in listed[: rule.first]:
                return body
        if rule.outcome == "missing-feature":
            return None
        if "vectors" not in body:
            return body
        if rule.outcome == "missing-vectors":
            return {name: value for name, value in body.items() if name != "vectors"}
        change = VECTORS.get(rule.outcome, _as_it_is)
        return body | {"vectors": {name: change(vector, rule) for name, vector in body["vectors"].items()}}


def _with_status(task: Body, status: str) -> Body:
    changed = {name: value for name, value in task.items() if name != "error"} | {"status": status}
    ends_well = status.upper() in ("DONE", "SKIPPED")
    return changed if ends_well or "outputs" not in changed else changed | {"outputs": []}


def _asset(rule: OutcomeRule, asset: Body) -> Body:
    return asset if rule.status is None else asset | {"status": rule.status, "error": rule.error}


def _as_it_is(vector: list[float], _rule: OutcomeRule) -> list[float]:
    return vector


VECTORS: Mapping[str, Callable[[list[float], OutcomeRule], list[float]]] = {
    "empty-vectors": lambda _vector, _: [],
    "nan-vectors": lambda vector, _: [math.nan, *vector[1:]],
    "other-dimension": lambda vector, rule: (vector + [0.0] * rule.dimension)[: rule.dimension],
}
