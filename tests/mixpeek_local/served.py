"""The application over real HTTP, with no workers: a test ends the tasks itself, with whatever it wants extracted."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract.records import Extraction, Feature, Vector
from mixpeek_local.serve import application
from mixpeek_local.store.store import Store
from tests.mixpeek_local.caller import Caller, until

KEY = "the-key-of-this-test"


@dataclass(frozen=True, kw_only=True)
class Served(Caller):
    """A caller with the server's store at hand."""

    store: Store

    def post(self, path: str, body: Any, **options: Any) -> dict[str, Any]:
        reply = self.request("POST", path, json=body, **options)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def status(self, method: str, path: str, **options: Any) -> int:
        return self.request(method, path, **options).status_code

    def extracted(self, *features: Feature, **fields: Any) -> str:
        """Ingest a video, work on it as a worker would, and give the asset's id."""
        task_id = self.ingest(fields.pop("url", "https://example.com/video.mp4"), **fields)
        while (job := self.store.tasks.claim("test")) and job.task_id != task_id:
            pass  # it waits behind others
        assert job is not None
        self.store.finish(job, Extraction("video", features, {"duration": 12.0}), file_hash=task_id, version="1")
        return job.asset_id


@contextmanager
def served(state_dir: Path, **settings: Any) -> Iterator[Served]:
    """Serve the state directory, under `/v1` when the profile without a prefix is off."""
    config = LocalApiConfig(state_dir, **settings)
    state_dir.mkdir(exist_ok=True)
    store = Store(config.database)
    app = application(store, KEY, config)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: server.started)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            yield Served(url, KEY, "/v1" if config.profiles == ("v1",) else "", store=store)
        finally:
            server.should_exit = True
            thread.join()
            store.close()


def vector(*values: float) -> Vector:
    return np.array(values, np.float32)


def picture(time: float, preview: bytes | None = None, **details: Any) -> Feature:
    return Feature("image", time, time, {"multimodal": vector(0.6, 0.8)}, details, preview)


def words(start: float, end: float, text: str) -> Feature:
    return Feature("text", start, end, {"text": vector(1, 0, 0)}, {"text": text, "source": "screen"})
