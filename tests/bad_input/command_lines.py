"""Arguments that cannot be used."""

from tests.bad_input.case import Case

NOT_TEXT = b"\xff\xfe".decode("utf-8", "surrogateescape")
LONG = "y" * 100_000

WRONG: dict[str, tuple[tuple[str, ...], ...]] = {
    "an unknown command": (
        ("nonsense",),
        (LONG,),
        ("",),
        (" ",),
        ("-1",),
        ("--nonsense",),
        ("--" + LONG,),
        ("status\n",),
    ),
    "too many arguments": (("status", "x"), ("query", "SELECT 1", "x"), ("doctor", LONG)),
    "too few": (("query",), ("search",)),
    "a number": tuple(
        (command, option, value)
        for command, option in (("status", "--problems"), ("search", "--limit"))
        for value in ("-1", "x", "1.5", "", "nan", "9" * 5_000, "1e3", " ")
    ),
    "a count of nothing": (("search", "x", "--limit", "0"), ("search", "x", "--limit", "101")),
    "a port": tuple(("serve-local-api", "--port", value) for value in ("-1", "65536", "99999", "abc", "", "9" * 5_000)),
    "a number of runs": tuple(
        ("worker", option, value)
        for option in ("--concurrency", "--runs-per-process")
        for value in ("0", "-1", "x", "")
    ),
    "a port of the UI": (("dev", "--port", "99999"), ("dev", "-p", "-1"), ("dev", "--port=abc")),
    "a day": tuple(
        ("retry", "--partition", value)
        for value in ("", "x", "2026-02-30", "2026-13-01", "0000-01-01", "10000-01-01", "2026-01-31T00:00:00", LONG)
    ),
    "a choice": (("search", "x", "--modality", "smell"), ("search", "x", "--modality", "")),
    "empty": (
        ("query", ""),
        ("query", "  \n\t"),
        ("search", ""),
        ("search", " \n "),
        ("retry", "--video", ""),
        ("retry", "--collection", ""),
        ("run", "--videos", ""),
        ("plan", "--videos", " "),
        ("search", "x", "--collection", ""),
        ("search", "x", "--index", ""),
    ),
    "a folder": (("serve-local-api", "--allow-folder", "nowhere"), ("serve-local-api", "--allow-folder", "list.csv")),
    "an option": (("serve-local-api", "--nonsense"), ("serve-local-api", "--rate", "x")),
}
"""Usage errors: exit code 2."""

USAGE = [
    Case(f"{kind}: {' '.join(arguments)[:40]!r}", arguments, (), code=2)
    for kind, several in WRONG.items()
    for arguments in several
]

NO_TEXT = [
    Case(f"no text: {' '.join(arguments[:2])}"[:40].encode("ascii", "replace").decode(), arguments, ("UTF-8",), code=2)
    for arguments in (
        ("query", NOT_TEXT),
        ("query", f"SELECT '{NOT_TEXT}'"),
        ("search", NOT_TEXT),
        ("search", "x", "--collection", NOT_TEXT),
        ("search", "x", "--index", NOT_TEXT),
        ("retry", "--video", NOT_TEXT),
        ("retry", "--reason", NOT_TEXT),
        ("retry", "--collection", NOT_TEXT),
        ("run", "--videos", NOT_TEXT),
        ("plan", "--videos", f"{NOT_TEXT}.csv"),
        ("plan", f"--videos={NOT_TEXT}.csv"),
        ("status", "--problems", NOT_TEXT),
        (NOT_TEXT,),
        (f"--{NOT_TEXT}",),
        ("serve-local-api", "--allow-folder", NOT_TEXT),
        ("dev", NOT_TEXT),
    )
]

STATEMENTS: dict[str, str] = {
    "no statement": "nonsense",
    "a comment": "/* nothing */",
    "semicolons": ";;",
    "a quote that is not closed": "SELECT 'a",
    "no such table": "FROM mixpeek.nothing",
    "no such column": "SELECT nothing FROM mixpeek.videos",
    "a division of text": "SELECT 'a'::INTEGER",
    "a parameter": "SELECT $name",
    "a question mark": "SELECT ?",
    "it deletes": "DELETE FROM mixpeek.videos",
    "it creates": "CREATE TABLE mixpeek.mine (x INTEGER)",
    "it drops": "DROP TABLE mixpeek.videos",
    "it drops the schema": "DROP SCHEMA mixpeek CASCADE",
    "it writes after it reads": "SELECT 1; DELETE FROM mixpeek.videos",
    "no such file": "FROM 'nowhere.csv'",
    "half a character": "SELECT chr(55296)",
    "a long name": f"SELECT * FROM {LONG}",
    "a long literal": f"SELECT '{LONG}'::INTEGER",
    "deep": "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "many brackets": "SELECT " + "(" * 1_000,
    "two columns of one name, wrongly": "SELECT 1 AS a, 2 AS a WHERE b",
    "control characters": "SELECT '\x1b[31m'::INTEGER",
    "an error of one's own": "SELECT error('\x1b[31m' || repeat('e', 100000))",
}

QUERIES = [Case(f"query: {name}", ("query", sql), (), code=1) for name, sql in STATEMENTS.items()]

TAKEN = [
    Case("query: two statements", ("query", "SELECT 1 AS a; SELECT 2 AS b"), ("b", "2"), code=0),
    Case("query: two columns of one name", ("query", "SELECT 1 AS a, 2 AS a"), ("1", "2"), code=0),
    Case("query: a long value", ("query", "SELECT repeat('v', 2000) AS v"), ("v" * 2_000,), code=0),
    Case("query: no columns", ("query", "SELECT * FROM mixpeek.videos WHERE false"), ("video_id",), code=0),
    Case("retry: a reason that nothing has", ("retry", "--reason", LONG), ("nothing has the reason",), code=2),
    Case("status: no problems", ("status", "--problems", "0"), ("no videos yet",), code=0),
    Case("search: nothing to search", ("search", "x" * 100_000), ("too many to look for",), code=2),
]

CASES = [*USAGE, *NO_TEXT, *QUERIES, *TAKEN]
