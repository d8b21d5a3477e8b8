"""A caller of the local API, as the guide describes one, with bounded waits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

WAIT_SECONDS = 60
T = TypeVar("T")


def until(probe: Callable[[], T | None], seconds: float = WAIT_SECONDS) -> T:
    """What `probe` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        assert time.monotonic() < deadline, f"nothing came within {seconds} seconds"
        time.sleep(0.02)
    return value


@dataclass(frozen=True)
class Caller:
    url: str
    key: str
    prefix: str = ""

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("headers", {"Authorization": f"Bearer {self.key}"})
        return requests.request(method, f"{self.url}{self.prefix}{path}", timeout=60, **options)

    def get(self, path: str, **options: Any) -> dict[str, Any]:
        reply = self.request("GET", path, **options)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def ingest(self, url: str | Path, collection: str = "example", **fields: Any) -> str:
        body = {"url": str(url), "collection": collection, **fields}
        reply = self.request("POST", "/ingest/videos/url", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()["task_id"]

    def task(self, task_id: str) -> dict[str, Any]:
        return self.get(f"/tasks/{task_id}")

    def settled(self, task_id: str) -> dict[str, Any]:
        def task() -> dict[str, Any] | None:
            body = self.task(task_id)
            return body if body["status"] in ("DONE", "FAILED") else None

        return until(task)

    def process(self, url: str | Path, **fields: Any) -> dict[str, Any]:
        """Ingest, wait, and give the asset with its features."""
        task = self.settled(self.ingest(url, **fields))
        assert task["status"] == "DONE", task
        return self.get(f"/assets/{task['asset_id']}/features")

    def reason(self, url: str | Path, **fields: Any) -> str:
        """Ingest what must fail, and give the reason."""
        task = self.settled(self.ingest(url, **fields))
        assert task["status"] == "FAILED", task
        return task["error"]

    def vectors(self, feature: dict[str, Any]) -> dict[str, list[float]]:
        return self.get(f"/features/{feature['feature_id']}", params={"include_vectors": "true"})["vectors"]
