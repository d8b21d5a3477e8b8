"""Wrong settings: in the environment, and in `.env`."""

from mixpeek_assets.settings import Settings
from tests.bad_input.case import FIFO, LOOP, UNREADABLE, Case, Content, link_to
from tests.fakes.mixpeek import KEY

STATUS, PLAN = ("status",), ("plan",)
DEEP = "[" * 1_000 + "]" * 1_000
NOT_TEXT = b"\xff\xfe\x80".decode("utf-8", "surrogateescape")
HUGE = "1" * 100_000

WRONG: dict[str, tuple[str, ...]] = {
    "CONCURRENCY": ("", "x", "0", "-1", "257", "1.5", "nan", "1e309", HUGE, "0x10", "१२x", "None", "true"),
    "REQUESTS_PER_MINUTE": ("x", "-1", "1.5", "inf", "-0.1", HUGE, "1" * 30),
    "MAX_ATTEMPTS": ("x", "0", "-1", "2.5", HUGE, "9" * 25, "2147483648"),
    "TASK_DEADLINE_HOURS": ("x", "0", "-1", "nan", "inf", "-inf", "1e309", "87601"),
    "WAREHOUSE_TIMEOUT": ("x", "0", "-1", "nan", "inf", "-inf", "1e309", "604801"),
    "FIRST_PARTITION": (
        "x",
        "2026-02-30",
        "2026-13-01",
        "0000-01-01",
        "10000-01-01",
        "nan",
        "inf",
        "-1",
        "1e309",
        HUGE,
        "2024-01-01T99",
    ),
    "API_URL": (
        "x",
        "http://",
        "https:///v1",
        "http://[::1",
        "http://x:99999",
        "http://x:abc",
        "http://x y",
        "http://user:pw@x",
        "http://x/\x01",
        "http://exämple..test",
        "http://.",
        "http://" + "x" * 70_000,
        "http://x?key=1",
        "http://x#there",
    ),
    "API_KEY": (" ", "a b", "ключ", "a\nb"),
    "API_PREFIX": ("/v1?x=1", "/v 1", "/ü\n", "/v1#x"),
    "API_STYLE": ("x", "Documents", "assets,documents", "1"),
    "BATCH_VIDEOS": ("x", "0", "-1", "1.5", "10001", HUGE),
    "BATCH_SECONDS": ("x", "-1", "nan", "inf", "86401"),
    "NAMESPACE": ("ü", "a\nb", "a\rb"),
    "FEATURE_EXTRACTORS": (
        "x",
        "[",
        "[]",
        "[1]",
        "{",
        DEEP,
        '[{"a":' * 1_000 + "1" + "}]" * 1_000,
        '[{"a": NaN}]',
        '[{"a": 1e999}]',
        "/",
        "/dev/null",
        "x" * 70_000,
        "~nobody-of-that-name/x",
        '["\\ud800"]',
        '[{"a": "\\ud800"}]',
    ),
    "SINK_PGVECTOR": ("x", "http://x/y", "postgresql://", "postgresql://host", "postgresql://host:0/x"),
    "SINK_LANCEDB": ("/", "gs://bucket/x", "s3://", "s3://B/x", "s3://bucket/a b", "~nobody-of-that-name/x"),
    "SINK_QDRANT": ("http://", "http://user:pw@x", "grpc://x", "http://x:99999", "/"),
    "SINK_QDRANT_KEY": (" ", "a b", "ключ"),
    "SINK_PARQUET": ("/", "gs://bucket/x", "s3://", "s3://bucket/?x", "~nobody-of-that-name/x"),
    "VIDEOS": (
        "nowhere.csv",
        "x" * 70_000,
        "~nobody-of-that-name/x",
        "http://",
        "http://[::1",
        "http://x:99999/a.csv",
        "*.nothing",
        "[",
        "/",
        "/dev/null",
        "/dev/zero",
        "a/" * 3_000,
    ),
    "WAREHOUSE": (
        "/",
        ".",
        "..",
        "/dev/null",
        "/dev/full",
        "/proc/x.duckdb",
        "list.csv/x.duckdb",
        "data/",
        "~nobody-of-that-name/x",
        "x" * 300,
        "x" * 70_000,
    ),
    "DATA_DIR": ("list.csv", "/dev/null", "/proc/nothing", "list.csv/x", "~nobody-of-that-name/x", "x" * 300),
    "COLLECTION": ("c" * 2_000,),
}
"""Values that a variable cannot have. `plan` reads every setting; the sentence names the variable."""

NAMES_NO_VARIABLE = ("VIDEOS", "WAREHOUSE", "DATA_DIR", "COLLECTION")
"""Their sentence names the file or the row."""

VALUES = [
    Case(
        f"{name}={value[:30]!r}{len(value)}",
        PLAN,
        () if name in NAMES_NO_VARIABLE else (f"MIXPEEK_{name}",),
        variables={name: value},
    )
    for name, values in WRONG.items()
    for value in values
    if value
]

NO_TEXT = [
    Case(f"{name} is no text", PLAN, (f"MIXPEEK_{name.upper()}", "UTF-8"), variables={name.upper(): NOT_TEXT})
    for name in Settings.model_fields
]

NULS = [
    Case(
        f".env: {name} with a NUL",
        PLAN,
        (".env", "NUL"),
        {".env": f'MIXPEEK_{name.upper()}="a\0b"\n'},
        {name.upper(): None},
    )
    for name in Settings.model_fields
]

LONG = "y" * 3_000_000

BIG = [
    Case(
        f".env: {name} of megabytes", PLAN, (), {".env": f"MIXPEEK_{name.upper()}={LONG}\n"}, {name.upper(): None}, None
    )
    for name in Settings.model_fields
    if name not in ("api_url", "api_key", "collection", "namespace", "local_api_hosts")
]

FILE: dict[str, Content] = {
    "UTF-16": "MIXPEEK_CONCURRENCY=2\n".encode("utf-16"),
    "UTF-16 without a mark": "MIXPEEK_CONCURRENCY=2\n".encode("utf-16-le"),
    "UTF-32": "MIXPEEK_CONCURRENCY=2\n".encode("utf-32"),
    "latin-1": "MIXPEEK_COLLECTION=Ängste\n".encode("latin-1"),
    "bytes": bytes(range(256)),
    "zeros": b"\0" * 10_000,
    "an archive": b"\x1f\x8b\x08\x00" + bytes(range(255, 0, -1)),
    "an unclosed quote": 'MIXPEEK_COLLECTION="films\nMIXPEEK_CONCURRENCY=2\n',
    "an unclosed single quote": "MIXPEEK_COLLECTION='films\n",
    "no statement": "this is no statement\n",
    "a name with a space": "MIXPEEK COLLECTION=x\n",
    "a colon": "MIXPEEK_COLLECTION: films\n",
    "a line of megabytes": "MIXPEEK_CONCURRENCY " + LONG,
    "a secret in a bad line": f'MIXPEEK_API_KEY="{KEY}\n',
    "unreadable": UNREADABLE,
    "a loop": LOOP,
    "not there, linked": link_to("/nowhere/.env"),
    "a folder": None,
    "a pipe": FIFO,
    "a device": link_to("/dev/zero"),
}

DOTENV = [Case(f".env: {name}", STATUS, (".env",), {".env": content}) for name, content in FILE.items()]

EXTRACTORS = [
    Case(
        f"extractors: {name}",
        PLAN,
        ("MIXPEEK_FEATURE_EXTRACTORS",),
        {"extractors.json": content},
        {"FEATURE_EXTRACTORS": "extractors.json"},
    )
    for name, content in FILE.items()
]

TAKEN = [
    Case(".env: with a mark", PLAN, ("MIXPEEK_CONCURRENCY",), {".env": "MIXPEEK_CONCURRENCY=x\n".encode("utf-8-sig")}),
    Case(
        ".env: ends of lines as on Windows",
        PLAN,
        ("MIXPEEK_CONCURRENCY",),
        {".env": b"MIXPEEK_MAX_ATTEMPTS=2\r\nMIXPEEK_CONCURRENCY=x\r\n"},
    ),
    Case(".env: empty", STATUS, ("no videos yet",), {".env": ""}, code=0),
    Case(
        ".env: with comments",
        STATUS,
        ("no videos yet",),
        {".env": "# a 'comment\n\nexport MIXPEEK_COLLECTION=x # more\n"},
        code=0,
    ),
    Case(".env: another program's", STATUS, ("no videos yet",), {".env": "OTHER='x y'\nFLAG\n"}, code=0),
]

SECRETS = [
    Case("a key in the URL", PLAN, ("MIXPEEK_API_KEY",), variables={"API_URL": f"http://u:{KEY}@x"}),
    Case("a key with a space", PLAN, ("MIXPEEK_API_KEY",), variables={"API_KEY": f"{KEY} {KEY}"}),
    Case("a key with an accent", PLAN, ("MIXPEEK_API_KEY",), variables={"API_KEY": f"{KEY}é"}),
    Case("the rate limit is a file", ("doctor",), ("rate_limit",), {"data/rate_limit": "x"}, {"API_STYLE": "assets"}),
    Case("a URL and no key", ("run",), ("MIXPEEK_API_URL",), variables={"API_KEY": None}),
]

CASES = [*VALUES, *NO_TEXT, *NULS, *BIG, *DOTENV, *EXTRACTORS, *TAKEN, *SECRETS]
