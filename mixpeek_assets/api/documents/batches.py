"""What a batch says of each of its videos (today's contract, 3 and 12)."""

from collections.abc import Mapping, Sequence
from typing import Any

from mixpeek_assets.api.documents.calls import Calls
from mixpeek_assets.api.documents.paging import every, one_of
from mixpeek_assets.api.errors import UnreadableReplyError
from mixpeek_assets.api.port import Polled, TaskReply
from mixpeek_assets.api.statuses import state_of
from mixpeek_assets.api.values import number, text
from mixpeek_assets.strict_json import JsonObject, is_list, is_object


def read_batch(calls: Calls, batch_id: str, submissions: Sequence[Polled]) -> list[TaskReply]:
    """Read a batch, and its objects where it does not speak of each; return the reply of each submission."""
    batch = Batch(calls.get("/batches/{id}", batch_id, namespaced=False), len(submissions))
    objects: dict[str, JsonObject] = {}
    if batch.is_over and not batch.speaks_of_all:
        if not batch.bucket_id:
            raise UnreadableReplyError(
                "GET /batches/{id}", "a batch without its bucket, so of unknown objects", batch_id
            )
        objects = read_objects(calls, batch.bucket_id, [one.asset_id for one in submissions if one.asset_id])
    return [batch.reply(batch_id, one.asset_id, objects.get(one.asset_id or "")) for one in submissions]


def read_objects(calls: Calls, bucket_id: str, object_ids: Sequence[str]) -> dict[str, JsonObject]:
    """Read objects by their ids; one that is not found is left out."""
    wanted = set(object_ids)
    found: dict[str, JsonObject] = {}
    if not wanted:
        return found
    body: JsonObject = {"filters": one_of("object_id", sorted(wanted))}
    for item in every(calls, "/buckets/{bucket}/objects/list", body, ids={"bucket": bucket_id}):
        object_id = text(item.get("object_id"))
        # The filter may be ignored.
        if object_id in wanted:
            found[object_id] = item
            if len(found) == len(wanted):
                break
    return found


class Batch:
    """A batch as the API sent it.

    Args:
        body: Its model.
        submissions: How many of ours it holds, if it does not say.
    """

    def __init__(self, body: JsonObject, submissions: int) -> None:
        self._body = body
        self.status = text(body.get("status")) or "UNKNOWN"
        self.bucket_id = text(body.get("bucket_id")) or ""
        self._failed = _by_object(body.get("failed_objects"))
        self._partial = _by_object(body.get("partial_objects"))
        ids = body.get("object_ids")
        self._size = max(len(ids) if is_list(ids) else submissions, 1)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, and what it wrote can be read, or never will be."""
        state = state_of(self.status)
        if state != "done":
            return state != "open"
        return self._body.get("documents_resolvable") is not False or bool(self._body.get("documents_resolvable_error"))

    @property
    def speaks_of_all(self) -> bool:
        """Whether its own lists say what became of each object; they are cut where they are long."""
        failed = number(self._body.get("failed_object_count")) or 0
        unaccounted = number(self._body.get("unaccounted_object_count")) or 0
        return self.status.upper() == "COMPLETED" and failed <= len(self._failed) and not unaccounted

    def reply(self, batch_id: str, object_id: str | None, item: JsonObject | None) -> TaskReply:
        """Say what became of an object; `item` is the object, where it was read."""
        if not self.is_over:
            return TaskReply(batch_id, self.status, "open", object_id, None)
        state, error = state_of(self.status), self._reason
        if object_id in self._failed:
            state, error = "failed", self._failed[object_id]
        elif not self.speaks_of_all:
            state, error = self._by_status(item)
        if state == "done":
            error = self._partial.get(object_id or "") or self._dropped
        cost = self._cost
        return TaskReply(
            batch_id,
            self.status,
            state,
            object_id,
            error,
            credits=_part(cost.get("credits_consumed"), self._size),
            cost_usd=_part(cost.get("cost_usd"), self._size),
        )

    def _by_status(self, item: JsonObject | None) -> tuple[Any, Any]:
        """The state of an object of which the batch says nothing, by the object's own status."""
        status = (text(item.get("status")) if item else None) or ""
        if state_of(status) == "done":
            return "done", None
        if item and state_of(status) == "failed":
            return "failed", {"reason": text(item.get("error")) or "the object failed, and does not say why"}
        if state_of(self.status) in ("failed", "cancelled"):
            return state_of(self.status), self._reason
        return "failed", {"reason": f"its batch is {self.status}, and says nothing of this video"}

    @property
    def _reason(self) -> Any:
        names = ("failure_reason", "error", "lifecycle_reason", "status_message")
        said = next((text(self._body.get(name)) for name in names if text(self._body.get(name))), None)
        if state_of(self.status) == "cancelled":
            return {"reason": said or "its batch was canceled", "batch": self.status}
        return {"reason": said or f"its batch is {self.status}, and does not say why"}

    @property
    def _dropped(self) -> Any:
        dropped = number(self._body.get("segments_dropped"))
        if not dropped:
            return None
        return {"reason": f"{dropped:.0f} segments of its batch of {self._size} videos were dropped"}

    @property
    def _cost(self) -> Mapping[str, Any]:
        cost = self._body.get("cost")
        return cost if is_object(cost) else {}


def _by_object(rows: object) -> dict[str, JsonObject]:
    found: dict[str, JsonObject] = {}
    for row in rows if is_list(rows) else []:
        object_id = text(row.get("object_id")) if is_object(row) else None
        if object_id:
            said = text(row.get("error")) or text(row.get("missing_feature")) or "no reason"
            found[object_id] = {"reason": said, **row}
    return found


def _part(value: object, size: int) -> float | None:
    """Return what one of the videos of a batch has cost: an equal part."""
    whole = number(value)
    return None if whole is None else whole / size
