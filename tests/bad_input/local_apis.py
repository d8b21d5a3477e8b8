"""A local API whose state cannot be used."""

from tests.bad_input.case import LOOP, Case, Content

STATE = "data/local_api"
LOCAL: dict[str, str | None] = {"API_KEY": None, "API_URL": None, "VIDEOS": None}
SERVE = ("serve-local-api", "--port", "0")

SPOILT: dict[str, dict[str, Content]] = {
    "key": {"garbage": b"\xff\xfe", "a folder": None},
    "endpoint.json": {
        "garbage": b"\xff\xfe",
        "cut": "{",
        "a list": "[]",
        "a number": "42",
        "an empty object": "{}",
        "empty": b"",
        "a folder": None,
        "a loop": LOOP,
    },
    "state.sqlite": {"garbage": b"garbage" * 1_000, "a folder": None},
}

CASES = [
    *(
        Case(f"{file}: {name}", command, (file,), {f"{STATE}/{file}": content}, LOCAL)
        for file, contents in SPOILT.items()
        for name, content in contents.items()
        for command in (("doctor",), *([SERVE] if file != "endpoint.json" else []))
    ),
    Case("the state is a file", ("doctor",), (STATE,), {STATE: "x"}, LOCAL),
    Case("the state is a file, served", SERVE, (STATE,), {STATE: "x"}, LOCAL),
    Case("the lock is a folder", SERVE, ("lock",), {f"{STATE}/lock": None}, LOCAL),
    Case("the downloads are a file", SERVE, ("downloads",), {f"{STATE}/downloads": "x"}, LOCAL),
    Case("hosts that are none", SERVE, ("999.999/33",), {}, {**LOCAL, "LOCAL_API_HOSTS": "999.999/33"}, 2),
    Case("senses that there are not", SERVE, ("'french'", "english, multilingual"), {}, {**LOCAL, "SENSES": "french"}),
    Case("hosts that are no text", SERVE, ("MIXPEEK_LOCAL_API_HOSTS",), {}, {**LOCAL, "LOCAL_API_HOSTS": "\udcff"}),
]
