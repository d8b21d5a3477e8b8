"""A list of videos that cannot be used."""

import json
from pathlib import Path

import duckdb

from tests.bad_input.case import FIFO, LOOP, UNREADABLE, Case, Content, link_to

PLAN = ("plan",)
LONG = "y" * 3_000_000
COLUMNS = ",".join(f"c{number}" for number in range(50_000))


def parquet(query: str, length: int | None = None) -> Content:
    """Make a Parquet file, and cut it."""

    def make(path: Path) -> None:
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
        if length is not None:
            path.write_bytes(path.read_bytes()[:length])

    return make


FILES: dict[str, dict[str, Content]] = {
    "csv": {
        "empty": b"",
        "a space": " ",
        "line breaks": "\n\n\n",
        "a header": "url\n",
        "no url": "link\nhttp://x/a\n",
        "50,000 columns": f"url,{COLUMNS}\nhttp://x/a{',1' * 50_000}\n",
        "50,000 columns and no url": f"{COLUMNS}\n{',1' * 49_999}\n",
        "50,000 semicolons": "url" + ";" * 50_000 + "\n",
        "url twice": "url,url\nhttp://x/a,http://x/b\n",
        "url twice, in capitals": "url,URL\nhttp://x/a,http://x/b\n",
        "url twice, with a space": "url, url\nhttp://x/a,http://x/b\n",
        "a line of megabytes": f"url\n{LONG}\n",
        "a url of megabytes": f"url\nhttp://x/{LONG}\n",
        "a header of megabytes": f"{LONG}\nx\n",
        "a quote that is not closed": 'url\n"http://x/a\n' + "http://x/b\n" * 1_000,
        "a quote of megabytes": f'url\n"{LONG}\n',
        "zeros": b"\0" * 1_000,
        "garbage": bytes(range(256)) * 40,
        "UTF-16": "url\nhttp://x/a\n".encode("utf-16"),
        "UTF-16 without a mark": "url\nhttp://x/a\n".encode("utf-16-le"),
        "UTF-32": "url\nhttp://x/a\n".encode("utf-32"),
        "latin-1": "url,collection\nhttp://x/ä,ö\n".encode("latin-1"),
        "an archive": b"\x1f\x8b\x08\x00" + bytes(range(255, 0, -1)) * 10,
        "Parquet": b"PAR1" + bytes(100) + b"PAR1",
        "JSON": '[{"url": "http://x/a"}]',
        "a page": "<!DOCTYPE html><html><head><title>Sign in</title></head></html>",
        "another scheme": "url\nftp://x/a\n",
        "no host": "url\nhttp://\n",
        "a local path": "url\nclips/a.mp4\n",
        "a script": "url\njavascript:alert(1)\n",
        "a date that is none": "url,added_at\nhttp://x/a,2026-02-30\n",
        "a date that is infinite": "url,added_at\nhttp://x/a,infinity\n",
        "metadata that is no JSON": "url,metadata\nhttp://x/a,{\n",
        "deep metadata": 'url,metadata\nhttp://x/a,"' + '{""a"":' * 1_000 + "1" + "}" * 1_000 + '"\n',
        "a folder": None,
        "a loop": LOOP,
        "unreadable": UNREADABLE,
        "nowhere": link_to("/nowhere/list.csv"),
        "a pipe": FIFO,
        "a device": link_to("/dev/zero"),
        "control characters": "url\n\x1b[31mred\x07\n",
    },
    "tsv": {"commas": "link,more\nhttp://x/a,b\n"},
    "json": {
        "empty": b"",
        "a number": "42",
        "a text": '"url"',
        "null": "null",
        "a list of numbers": "[1, 2, 3]",
        "a list of lists": '[["url"], ["http://x/a"]]',
        "an empty list": "[]",
        "an empty object": "{}",
        "nested": '{"videos": [{"url": "http://x/a"}]}',
        "columns": '{"url": ["http://x/a"]}',
        "url is an object": '[{"url": {"href": "http://x/a"}}]',
        "url is a number": '[{"url": 42}]',
        "cut": '[{"url": "http://x/a"}, {"url": "htt',
        "deep": "[" * 100_000,
        "deep, closed": "[" * 2_000 + "]" * 2_000,
        "deep objects": '{"a":' * 2_000 + "1" + "}" * 2_000,
        "50,000 keys": json.dumps([{f"k{number}": 1 for number in range(50_000)}]),
        "50,000 keys and a url": json.dumps([{"url": "ftp://x", **{f"k{number}": 1 for number in range(50_000)}}]),
        "different keys in each row": json.dumps([{f"k{number}": 1} for number in range(5_000)]),
        "a key of megabytes": json.dumps([{LONG: 1}]),
        "a url of megabytes": json.dumps([{"url": f"http://x/{LONG}"}]),
        "url twice": '[{"url": "ftp://x/a", "url": "ftp://x/b"}]',
        "url twice, in capitals": '[{"url": "ftp://x/a", "URL": "ftp://x/b"}]',
        "url twice, with a space": '[{"url": "ftp://x/a", " url": "ftp://x/b"}]',
        "UTF-16": '[{"url": "ftp://x/a"}]'.encode("utf-16"),
        "garbage": bytes(range(256)) * 4,
        "zeros": b"\0" * 1_000,
        "a page": "<!DOCTYPE html>",
        "half a character": '[{"url": "\\ud800"}]',
        "a folder": None,
    },
    "jsonl": {
        "a number a line": "1\n2\n3\n",
        "garbage": b"\xff\n" * 10,
        "a line of megabytes": LONG,
        "deep": "[" * 100_000 + "\n",
    },
    "parquet": {
        "empty": b"",
        "a text": "url\n",
        "garbage": b"PAR1" + b"\xa5" * 1_000 + b"PAR1",
        "cut": parquet("SELECT 'http://x/' || range AS url FROM range(1000)", 500),
        "without its end": parquet("SELECT 'http://x/a' AS url", -4),
        "no rows": parquet("SELECT 'http://x/a' AS url WHERE false"),
        "no url": parquet("SELECT 1 AS link"),
        "url is a number": parquet("SELECT 1 AS url"),
        "url is a list": parquet("SELECT ['http://x/a'] AS url"),
        "url is binary": parquet("SELECT '\\xFF'::BLOB AS url"),
        "5,000 columns": parquet("SELECT " + ", ".join(f"1 AS c{number}" for number in range(5_000))),
    },
}
"""Contents that name no video that can be used, by suffix."""

LISTS = [
    Case(f"{suffix}: {name}", PLAN, (f"bad.{suffix}",), {f"bad.{suffix}": content}, {"VIDEOS": f"bad.{suffix}"})
    for suffix, contents in FILES.items()
    for name, content in contents.items()
]

SOURCES = [
    Case("a folder without a video", PLAN, ("empty",), {"empty": None}, {"VIDEOS": "empty"}),
    Case("a pattern that matches two kinds", PLAN, (), {"a.csv": "url\nftp://x\n", "b.json": "[1]"}, {"VIDEOS": "?.*"}),
    Case("a pattern that matches nothing", PLAN, ("*.tsv",), variables={"VIDEOS": "*.tsv"}),
    Case("a bad pattern", PLAN, ("**x",), variables={"VIDEOS": "a/**x/[.csv"}),
    Case("a path of megabytes", ("plan", "--videos", LONG), ("MIXPEEK_VIDEOS", "too long")),
    Case(
        "a host that does not resolve",
        PLAN,
        ("nobody.invalid",),
        variables={"VIDEOS": "http://nobody.invalid/list.csv"},
    ),
    Case("a server that does not answer", PLAN, ("127.0.0.1:9",), variables={"VIDEOS": "http://127.0.0.1:9/list.csv"}),
    Case("a port that is none", PLAN, ("99999",), variables={"VIDEOS": "http://x:99999/list.csv"}),
    Case(
        "a URL with a password", PLAN, ("list.csv",), variables={"VIDEOS": "http://u:sk_pass_word@127.0.0.1:9/list.csv"}
    ),
    Case("an unbalanced bracket", PLAN, ("[::1",), variables={"VIDEOS": "http://[::1/list.csv"}),
    Case("a label that is too long", PLAN, ("list.csv",), variables={"VIDEOS": f"http://{'x' * 70}.test/list.csv"}),
    Case("another scheme", PLAN, ("s3://",), variables={"VIDEOS": "s3://bucket/list.csv"}),
    Case(
        "two manifests, one with no url",
        PLAN,
        ("?.csv",),
        {"a.csv": "link\nx\n", "b.csv": "more\ny\n"},
        {"VIDEOS": "?.csv"},
    ),
    Case("no temporary folder", PLAN, (), {"tmp": "a file"}, {"TMPDIR": "tmp"}, code=None),
    Case("run: no url", ("run",), ("bad.csv",), {"bad.csv": "link\nx\n"}, {"VIDEOS": "bad.csv"}),
    Case(
        "doctor: 50,000 columns",
        ("doctor",),
        ("bad.csv",),
        {"bad.csv": f"url,{COLUMNS}\nhttp://x\n"},
        {"VIDEOS": "bad.csv"},
    ),
]

CASES = [*LISTS, *SOURCES]
