"""What a user reads when PostgreSQL cannot be used: one sentence, and never the password."""

import sys
import traceback
from collections.abc import Callable
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from deploy.services import PostgresServer
from mixpeek_assets.postgres import Postgres, PostgresDownError, PostgresError
from tests.cluster.postgres.turns import one, postgres_at

WORD = "5ecret-w0rd"
AWKWARD = f"{WORD}@/?#%: '"


def connect(url: str) -> None:
    Postgres(SecretStr(url)).connect("the test").close()


@pytest.mark.parametrize(
    ("url", "words", "kind"),
    [
        ("postgresql://somebody:{word}@127.0.0.1:1/x", "127.0.0.1:1/x does not answer", PostgresDownError),
        ("postgresql://somebody:{word}@no.such.invalid/x", "no.such.invalid:5432/x does not answer", PostgresDownError),
        (
            "postgresql://mixpeek:{word}@{server}/postgres",
            "does not accept the password of user mixpeek",
            PostgresError,
        ),
        ("postgresql://mixpeek@{server}/postgres", "does not accept the password of user mixpeek", PostgresError),
        ("postgresql://{right}@{server}/nowhere", "/nowhere has no database of that name", PostgresError),
        ("postgresql://{right}@{server}/postgres?colour={word}", "invalid connection option", PostgresError),
        ("postgresql://{right}@{server}/postgres?row_factory={word}", "invalid connection option", PostgresError),
        ("postgresql://{right}@{server}/postgres?password={word}", "does not accept the password", PostgresError),
        ("mysql://somebody:{word}@127.0.0.1/x", "is not the URL of a PostgreSQL database", PostgresError),
        ("postgresql://somebody:{word}/more@127.0.0.1/x", "of a password, @ is written %40", PostgresError),
        ("postgresql://somebody:{word}@more@127.0.0.1/x", "of a password, @ is written %40", PostgresError),
        ("postgresql://somebody:{word}#more@127.0.0.1/x", "of a password, @ is written %40", PostgresError),
        ("postgresql://somebody:{word}%zz@127.0.0.1/x", "of a password, @ is written %40", PostgresError),
        ("postgresql://somebody:{word}@127.0.0.1:{word}/x", "is not the URL of a PostgreSQL database", PostgresError),
        ("host=127.0.0.1 password={word}", "is not the URL of a PostgreSQL database", PostgresError),
        ("{word}", "is not the URL of a PostgreSQL database", PostgresError),
    ],
)
def test_a_database_that_cannot_be_had_is_one_sentence_without_the_password(
    postgres: PostgresServer, url: str, words: str, kind: type[PostgresError]
) -> None:
    server, right = f"127.0.0.1:{postgres.port}", f"{postgres.user}:{quote(postgres.password, safe='')}"
    with pytest.raises(PostgresError) as caught:
        connect(url.format(word=WORD, server=server, right=right))
    said = str(caught.value)
    assert words in said
    assert type(caught.value) is kind
    assert "\n" not in said
    shown = said + "".join(traceback.format_exception_only(caught.value))
    assert not [secret for secret in (WORD, postgres.password, quote(postgres.password, safe="")) if secret in shown]


@pytest.mark.parametrize("write", [str, lambda password: quote(password, safe="")], ids=["as it is", "encoded"])
def test_a_message_that_quotes_the_password_is_cleaned(write: Callable[[str], str]) -> None:
    postgres = Postgres(SecretStr(f"postgresql://somebody:{quote(AWKWARD, safe='')}@127.0.0.1/x"))
    assert postgres.redacted(f"no: {write(AWKWARD)}!") == "no: ***!"
    assert WORD not in repr(postgres) + postgres.place


def test_a_url_says_where_and_who() -> None:
    postgres = Postgres(SecretStr(f"postgres://some%40body:{quote(AWKWARD, safe='')}@[::1]:77/x?sslmode=require"))
    expected = {"host": "::1", "port": "77", "dbname": "x", "user": "some@body", "password": AWKWARD}
    assert postgres.parts == {**expected, "sslmode": "require"}
    assert Postgres(SecretStr("postgresql://host/x")).place == "host:5432/x"
    assert Postgres(SecretStr("postgresql://me@/x?host=/run/sockets")).place == "/run/sockets:5432/x"


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(PostgresError, match=r"needs psycopg: pip install 'mixpeek-assets\[cluster\]'"):
        connect("postgresql://host/x")


def test_a_user_who_may_not_connect_and_a_server_that_is_full_say_so(url: str, postgres: PostgresServer) -> None:
    database = url.rpartition("/")[2]
    user = database.replace("test", "guest")
    guests = f"postgresql://{user}:{WORD}@127.0.0.1:{postgres.port}/{database}"
    with postgres_at(url).session() as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{WORD}' CONNECTION LIMIT 0")  # pyright: ignore
        with pytest.raises(PostgresDownError, match="takes no more connections"):
            connect(guests)
        connection.execute(f"ALTER ROLE {user} CONNECTION LIMIT 5")  # pyright: ignore
        connection.execute(f"REVOKE CONNECT ON DATABASE {database} FROM public")  # pyright: ignore
        with pytest.raises(PostgresError, match=f"does not let user {user} connect"):
            connect(guests)


def test_a_connection_is_known_by_its_process_counts_in_utc_and_ends_with_its_machine(url: str) -> None:
    with postgres_at(f"{url}?options=-c%20work_mem%3D7MB").connect("leases") as connection:
        name = one(connection, "SHOW application_name")
        assert name.startswith("process ")
        assert name.endswith("(leases)")
        settings = ("TimeZone", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "work_mem")
        found = [one(connection, f"SHOW {setting}") for setting in settings]
    assert found == ["UTC", "10", "5", "3", "7MB"]


def test_an_error_inside_a_session_is_a_sentence_and_the_next_session_works(url: str) -> None:
    postgres = postgres_at(url)
    with (
        pytest.raises(PostgresError, match='refuses: relation "nothing" does not exist'),
        postgres.session() as session,
    ):
        session.execute("SELECT * FROM nothing")
    with postgres.session() as session:
        assert one(session, "SELECT 1") == 1
