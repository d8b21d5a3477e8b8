"""Ordering faults, and what was played of them."""

from typing import Any

from tests.mixpeek_local.served import Served

URL = "https://example.com/broken.mp4"


def order(api: Served, *rules: dict[str, Any]) -> None:
    reply = api.request("PUT", "/faults", json=rules)
    assert reply.status_code == 200, reply.text


def played(api: Served) -> list[str]:
    return [one["kind"] for one in api.get("/faults")["played"]]
