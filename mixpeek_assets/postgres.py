"""A PostgreSQL database, a cluster's or a sink's: URL, connections, and errors as sentences without a password."""

# pyright: reportMissingImports=false
# psycopg comes with the extras [cluster] and [pgvector], and is imported where it is needed.

import atexit
import os
import re
import select
import socket
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from pydantic import SecretStr

from mixpeek_assets.errors import UserError

if TYPE_CHECKING:
    import psycopg
    from psycopg import Connection

_URL = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?"
    r"(?P<host>\[[^]@/?#]+\]|[^:@/?#,]*)(?::(?P<port>\d+))?(?:/(?P<dbname>[^/?#]*))?(?:\?(?P<query>[^#]*))?"
)
_NOT_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")

_CONNECT_SECONDS = 10
_KEEPALIVES = {"idle": 10, "interval": 5, "count": 3}
"""Seconds, seconds and tries: a machine that vanishes loses its locks within half a minute, and not after two hours."""

_LONGEST_NAME = 63
"""Bytes of an application_name that PostgreSQL keeps."""

_MOST_IDLE = 4
"""So many connections of a process are kept while nobody uses them; to open one takes 3 ms."""

_PERMANENT = {
    r"password authentication failed|no password supplied": "does not accept the password of user {user}",
    r'database ".*" does not exist': "has no database of that name",
    r'role ".*" does not exist|role ".*" is not permitted to log in': "has no user {user} who may log in",
    r"no pg_hba\.conf entry": "does not let user {user} in from this machine (its pg_hba.conf says who may)",
    r"permission denied for database": "does not let user {user} connect to that database",
}
_GONE = ("08", "57P")
"""How SQLSTATE begins when a connection fails, or when the server ends it."""
_CROWDED = r"too many clients|connection slots are reserved|too many connections"


class PostgresError(UserError):
    """The database cannot be used, and that needs a change."""


class PostgresDownError(PostgresError):
    """The database does not answer now."""

    retryable = True


class Postgres:
    """The database, by its URL.

    Args:
        url: postgresql://user:password@host:port/database
        variable: The variable that has it, as messages name it.
        extra: The extra that psycopg comes with.

    Attributes:
        place: The database as messages name it, `host:port/database`.
        parts: `host`, `port`, `dbname`, `user`, `password` and further parameters, as far as the URL has them.

    Raises:
        PostgresError: it is no such URL.
    """

    def __init__(self, url: SecretStr, variable: str = "MIXPEEK_CLUSTER", extra: str = "cluster") -> None:
        text = url.get_secret_value()
        found = _URL.fullmatch(text)
        if found is None or _NOT_ENCODED.search(text) or not text.isprintable():
            raise PostgresError(
                f"{variable} is not the URL of a PostgreSQL database, such as"
                " postgresql://user:password@host:5432/database (of a password, @ is written %40, / %2F, : %3A, ? %3F,"
                " # %23 and % %25)"
            )
        given = {name: unquote(part) for name, part in found.groupdict().items() if part and name != "query"}
        if "host" in given:
            given["host"] = given["host"].strip("[]")
        self.parts: dict[str, str] = {**given, **dict(parse_qsl(found["query"] or ""))}
        host, port = self.parts.get("host", "localhost"), self.parts.get("port", "5432")
        self.place = f"{host}:{port}/{self.parts.get('dbname') or self.parts.get('user') or ''}"
        self._url = text
        self._variable, self._extra = variable, extra
        self._password = found["password"] or ""

    def connect(self, name: str) -> "Connection":
        """Open a connection: autocommit, in UTC, and known to the server by host, process and `name`.

        Raises:
            PostgresDownError: no server answers, or it takes nobody now.
            PostgresError: it refuses us, or psycopg is not installed.
        """
        try:
            import psycopg
            from psycopg.conninfo import make_conninfo
        except ImportError:
            need = f"{self._variable} needs psycopg: pip install 'mixpeek-assets[{self._extra}]'"
            raise PostgresError(need) from None
        settings = {"TimeZone": "UTC", **{f"tcp_keepalives_{what}": value for what, value in _KEEPALIVES.items()}}
        options = [self.parts.get("options", ""), *(f"-c {name}={value}" for name, value in settings.items())]
        ours: dict[str, Any] = {
            "options": " ".join(filter(None, options)),
            "application_name": _application_name(name),
            "connect_timeout": self.parts.get("connect_timeout", _CONNECT_SECONDS),
            "tcp_user_timeout": 1000 * (_KEEPALIVES["idle"] + _KEEPALIVES["interval"] * _KEEPALIVES["count"]),
            **{f"keepalives_{what}": value for what, value in _KEEPALIVES.items()},
        }
        with self.errors_explained():
            # One text: a parameter of the URL is none of Python's.
            connection = psycopg.connect(make_conninfo(**{**self.parts, **ours}), autocommit=True)
        _open.add(connection)
        return connection

    @contextmanager
    def session(self) -> Generator["Connection"]:
        """Lend a connection that is kept for the next one who asks; it must come back as it went."""
        connection = self.borrow()
        try:
            with self.errors_explained():
                yield connection
        finally:
            self.give_back(connection)

    def borrow(self) -> "Connection":
        """Return a connection that nobody uses, or a new one; raises as `connect`."""
        while (connection := self._an_idle_one()) is not None:
            if _is_quiet(connection):
                return connection
            connection.close()
        return self.connect("mixpeek")

    def give_back(self, connection: "Connection") -> None:
        """Keep a connection for the next, unless something is still going on in it."""
        from psycopg.pq import TransactionStatus

        with _guard:
            idle = _idle.setdefault((os.getpid(), self._url), [])
            is_idle = not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE
            if is_idle and len(idle) < _MOST_IDLE:
                idle.append(connection)
                return
        connection.close()

    @contextmanager
    def errors_explained(self) -> Generator[None]:
        """Raise an error of psycopg as a `PostgresError`."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise self.explained(error) from None

    def explained(self, error: "psycopg.Error") -> PostgresError:
        """Return what is wrong, in one sentence without the password."""
        import psycopg

        said = self.redacted(" ".join(str(error).split()))
        user = self.parts.get("user", "")
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            hint = "grant it, e.g. with GRANT CREATE ON DATABASE"
            return PostgresError(f"PostgreSQL at {self.place} does not let user {user} do this: {said}; {hint}")
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
            what = f"takes no writes: correct {self._variable} if this is a standby, or the server"
            return PostgresError(f"PostgreSQL at {self.place} {what}")
        if isinstance(error, psycopg.errors.DiskFull):
            said = self.redacted(error.diag.message_primary or said)
            return PostgresDownError(f"PostgreSQL at {self.place} has no room ({said}): free space on the server")
        for pattern, sentence in _PERMANENT.items():
            if re.search(pattern, str(error)):
                what = sentence.format(user=user)
                return PostgresError(f"PostgreSQL at {self.place} {what}: correct {self._variable}, or the server")
        if re.search(_CROWDED, str(error)):
            return PostgresDownError(f"PostgreSQL at {self.place} takes no more connections: raise its max_connections")
        if isinstance(error, psycopg.OperationalError):
            is_gone = error.sqlstate is None or error.sqlstate.startswith(_GONE)
            said = f"does not answer ({said}): is it running?" if is_gone else f"cannot do this now: {said}"
            return PostgresDownError(f"PostgreSQL at {self.place} {said}")
        return PostgresError(f"PostgreSQL at {self.place} refuses: {said}")

    def redacted(self, text: str) -> str:
        """Return a text without the password, however it is written."""
        secrets = {self._url, self._password, unquote(self._password), self.parts.get("password", "")}
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _an_idle_one(self) -> "Connection | None":
        with _guard:
            idle = _idle.get((os.getpid(), self._url))
            return idle.pop() if idle else None


def is_alive(connection: "Connection") -> bool:
    """Ask the server for a sign of life; a connection that it has ended, or that was cut, has none."""
    import psycopg

    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _is_quiet(connection: "Connection") -> bool:
    """Say whether the server has said nothing since: its last word to an idle connection is that it ends it."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


_idle: dict[tuple[int, str], list["Connection"]] = {}
_guard = threading.Lock()
_open: "weakref.WeakSet[Connection]" = weakref.WeakSet()


def _application_name(name: str) -> str:
    """Return what the server knows a connection by: it is what a message names as the holder of a lock."""
    said = f"process {os.getpid()} on {socket.gethostname()}"
    return f"{said[: _LONGEST_NAME - len(name) - 3]} ({name})".encode("ascii", "replace").decode()


@atexit.register
def _close_idle() -> None:
    for (pid, _), connections in _idle.items():
        for connection in connections if pid == os.getpid() else ():
            connection.close()


def _let_go_after_fork() -> None:
    """Cut a fork off its parent's connections: with a copy open here, the server would not see the parent die."""
    global _guard
    _guard = threading.Lock()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for connection in _open:
        if not connection.closed:
            os.dup2(nowhere, connection.fileno())
    os.close(nowhere)


os.register_at_fork(after_in_child=_let_go_after_fork)
