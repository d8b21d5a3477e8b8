"""Outcomes of videos in the style `documents`: replies about batches, objects and documents, changed as a rule says."""

import json
import re
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mixpeek_local.faults.exchange import Exchange, Reply
from mixpeek_local.faults.outcomes import VECTORS, WITHOUT_FEATURES
from mixpeek_local.faults.rules import OutcomeRule
from mixpeek_local.faults.script import Script
from mixpeek_local.http.replies import error
from mixpeek_local.store.documents.documents import PREFIX
from mixpeek_local.store.store import Store

Body = dict[str, Any]
Rules = dict[str, OutcomeRule]
"""The rules of a batch's videos, by object."""

_BATCH = re.compile(r"GET /v1(?:/buckets/[^/]+)?/batches/([^/]+)")
_OBJECTS = re.compile(r"POST /v1/buckets/[^/]+/objects/list|GET /v1/buckets/[^/]+/objects/[^/]+")
_DOCUMENTS = re.compile(
    r"POST /v1(?:/collections/[^/]+)?/documents/list|GET /v1/collections/[^/]+/documents(?:/(?!count$)[^/]+)?"
)
_READS = (_BATCH, _OBJECTS, _DOCUMENTS)
_OF_OBJECTS = """
    SELECT DISTINCT object_id, url FROM object_assets JOIN assets USING (asset_id)
    WHERE object_id IN (SELECT value FROM json_each(?))
"""


class DocumentOutcomes:
    """Plays a script's rules for videos that are objects of buckets. It changes true replies only."""

    def __init__(self, app: ASGIApp, script: Script, store: Store) -> None:
        self._app = app
        self._script = script
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its reply back."""
        request = f"{scope['method']} {scope['path']}" if scope["type"] == "http" else ""
        read = next((found for pattern in _READS if (found := pattern.fullmatch(request))), None)
        if read is None or not self._script.has_outcomes:
            await self._app(scope, receive, send)
            return
        reply = await Exchange(self._app, scope, receive, send).work()
        if reply.status == 200:
            changes = _Changes(self._script, self._store)
            before = orjson.loads(reply.body)
            after = changes.of(read, before)
            for rule in changes.played:
                self._script.note(rule, scope["method"], scope["path"].removeprefix("/v1"))
            if after is None:
                reply = Reply.of(error(404, "there is nothing with this id"))
            elif after != before:
                reply.body = json.dumps(after).encode()  # unlike orjson, it writes NaN
        await reply.send(send)


class _Changes:
    """What rules make of one reply; `played` has those that changed it."""

    def __init__(self, script: Script, store: Store) -> None:
        self._script = script
        self._store = store
        self.played: list[OutcomeRule] = []

    def of(self, read: re.Match[str], body: Body) -> Body | None:
        """The reply as the rules want it; None if there is to be none."""
        if read.re is _BATCH:
            return self._batch(body, read[1])
        change = self._object if read.re is _OBJECTS else self._document
        if "results" not in body:
            return change(body)
        return body | {"results": [one for given in body["results"] if (one := change(given)) is not None]}

    def _batch(self, body: Body, batch_id: str) -> Body | None:
        rules = self._rules_of(body.get("object_ids") or [])
        if not rules:
            return body
        number = self._script.asked("batch", batch_id)
        statuses = max((rule.statuses for rule in rules.values()), key=len)
        if number <= len(statuses):
            return self._noted(rules, body, _under_way(body, statuses[number - 1]))
        kinds = {rule.outcome: rule for rule in rules.values()}
        if "forgotten" in kinds:
            return self._noted(rules, body, None)
        if "endless" in kinds:
            return self._noted(rules, body, _under_way(body, "PROCESSING"))
        if not body["documents_resolvable"]:
            return body  # the truth comes first
        if "late-documents" in kinds and self._script.asked("ended", batch_id) <= kinds["late-documents"].times:
            return self._noted(rules, body, body | {"documents_resolvable": False})
        if "cancelled" in kinds:
            return self._noted(rules, body, body | {"status": "CANCELED", "lifecycle": "canceled"})
        return self._noted(rules, body, _with_partial(_with_failed(body, rules), rules))

    def _object(self, body: Body) -> Body:
        rules = self._rules_of([body.get("object_id")])
        failed = next((rule for rule in rules.values() if rule.outcome == "failed"), None)
        if failed is None or body.get("status") != "COMPLETED":
            return body
        return self._noted(rules, body, body | {"status": "FAILED", "error": failed.error}) or body

    def _document(self, body: Body) -> Body | None:
        row = self._store.feature(body["document_id"].removeprefix(PREFIX))
        rule = None if row is None else self._script.outcome(row["url"])
        if row is None or rule is None:
            return body
        rules = {body["document_id"]: rule}
        if rule.first is not None:
            listed = [one["feature_id"] for one in self._store.features(row["asset_id"])]
            if row["feature_id"] not in listed[: rule.first]:
                return body
        if rule.outcome in (*WITHOUT_FEATURES, "missing-feature"):
            return self._noted(rules, body, None)
        vectors = {name: body[name] for name in self._store.vectors(row["feature_id"]) if name in body}
        if not vectors:
            return body
        late = rule.outcome == "late-vectors" and self._script.asked("vectors", body["document_id"]) <= rule.times
        if late or rule.outcome == "missing-vectors":
            rest = {name: value for name, value in body.items() if name not in vectors}
            return self._noted(rules, body, rest | {"_vectors": [], "vector_hydration_incomplete": late})
        change = VECTORS.get(rule.outcome)
        changed = {name: change(vector, rule) for name, vector in vectors.items()} if change else vectors
        return self._noted(rules, body, body | changed)

    def _rules_of(self, object_ids: list[Any]) -> Rules:
        rows = self._store.database.connection().execute(_OF_OBJECTS, (orjson.dumps(object_ids).decode(),))
        found = ((object_id, self._script.outcome(url)) for object_id, url in rows)
        return {object_id: rule for object_id, rule in found if rule is not None}

    def _noted(self, rules: Rules, before: Body, after: Body | None) -> Body | None:
        """Remember that the rules were played, if that changes the reply."""
        if after != before:
            self.played += [rule for rule in rules.values() if not any(rule is one for one in self.played)]
        return after


def _under_way(body: Body, status: str) -> Body:
    return body | {"status": status, "documents_resolvable": False, "failed_objects": [], "failed_object_count": 0}


def _with_failed(body: Body, rules: Rules) -> Body:
    known = {one["object_id"] for one in body["failed_objects"]}
    failed = [
        {"object_id": name, "error": rule.error, "error_type": "permanent", "timestamp": body["updated_at"]}
        for name, rule in rules.items()
        if rule.outcome == "failed" and name not in known
    ]
    if not failed:
        return body
    count = body["failed_object_count"] + len(failed)
    status = "FAILED" if count >= len(body["object_ids"]) else "COMPLETED_WITH_ERRORS"
    rows = body["failed_objects"] + failed
    return body | {"status": status, "failed_objects": rows, "failed_object_count": count}


def _with_partial(body: Body, rules: Rules) -> Body:
    partial = [
        {"object_id": name, "error": "a vector could not be made", "missing_feature": "multimodal"}
        for name, rule in rules.items()
        if rule.outcome == "partial"
    ]
    return body | {"partial_objects": [*body["partial_objects"], *partial]} if partial else body
