"""Names and texts that mean harm to whoever takes them for something else than text."""

NAMES: dict[str, str] = {
    "SQL behind a comment": "a\n'shared');\nCOPY (SELECT 1) TO 'owned.csv';\n--",
    "quotes": "it's \"so\", `so` and ''so''",
    "SQL": "'; DROP TABLE mixpeek.videos; --",
    "line breaks": "All\r\nis well.\u2028Done",
    "a zero byte": "a\x00b",
    "two hundred characters": "x" * 200,
    "emoji": "👩\u200d👩\u200d👧 é 日本語",
    "marks of direction": "gpj.\u202e4pm\u200f\u2066",
    # Its end and its beginning make a tag where two texts are joined.
    "rich markup": "] [red]a[/red] [/foo] [link=http://evil.test]b[/link] :smile: [/",
    "escape sequences": "\x1b[31m\x1b]0;owned\x07\x9b2J\x08",
    "HTML and Markdown": "<img src=x onerror=alert(1)> [a](javascript:alert(1)) ![](http://evil.test/p.png) ``` **b**",
    "a path": "../../etc/passwd?x=1#y",
    "formats": "{0} {x} %s %(x)s $x ${x} \\x1b \\",
}
