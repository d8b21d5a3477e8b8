"""Runs the guide's four snippets one after the other, and writes the replies as JSON.

Run as `python guide_steps.py <host> <key>`. The snippets are the guide's to the letter, `video.mp4` included; only its
host, key and ids are replaced. As the guide says, step 2 is repeated until the task is done, and
step 4 is done for every feature of every modality.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

SNIPPETS = Path(__file__).parent / "guide_snippets.txt"
HOST, KEY = "https://api.mixpeek.com", "API_KEY"
TASK_ID = "3f0189c2-2f49-4119-851d-56a5701436a9"
ASSET_ID = "60f391eb-b5ea-41cd-ba75-98d1bca25432"
FEATURE_ID = "98b693c0-6fc1-4420-97bd-6c4506356230"
POLLS, PAUSE_SECONDS = 600, 0.1


class Guide:
    """The guide's snippets, which share their names as the lines of one script do."""

    def __init__(self, host: str) -> None:
        _, *parts = re.split(r"^Step \d: .+$", SNIPPETS.read_text(encoding="utf-8"), flags=re.MULTILINE)
        self._snippets = dict(enumerate(parts, start=1))
        self._host = host
        self._names: dict[str, Any] = {}

    def run(self, step: int, **replaced: str) -> Any:
        """Run a step with its host and what else it names replaced, and give the reply's body."""
        code = self._snippets[step]
        for old, new in {HOST: self._host, **replaced}.items():
            if code.count(old) != 1:
                raise ValueError(f"step {step} has {old!r} {code.count(old)} times")
            code = code.replace(old, new)
        exec(compile(code, f"<the guide, step {step}>", "exec"), self._names)
        response = self._names["response"]
        if response.status_code != 200:
            raise ValueError(f"step {step} was answered with {response.status_code}: {response.text}")
        return response.json()


def settled(guide: Guide, task_id: str) -> Any:
    for _ in range(POLLS):
        task = guide.run(2, **{TASK_ID: task_id})
        if task["status"] in ("DONE", "FAILED"):
            return task
        time.sleep(PAUSE_SECONDS)
    raise TimeoutError(f"task {task_id} did not end")


def main(host: str, key: str) -> None:
    guide = Guide(host)
    queued = guide.run(1, **{KEY: key})
    task = settled(guide, queued["task_id"])
    grouped = guide.run(3, **{ASSET_ID: task["asset_id"]})
    features = {
        listed["feature_id"]: guide.run(4, **{FEATURE_ID: listed["feature_id"]})
        for modality in grouped["features"].values()
        for listed in modality
    }
    json.dump({"queued": queued, "task": task, "grouped": grouped, "features": features}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
