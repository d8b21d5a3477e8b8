"""What is wrong with a cluster is said in one sentence, with what to do, and never with the password."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy import services
from deploy.services import READER_KEY, PostgresServer, S3Server, free_ports
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.errors import UserError
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse import engine, extensions
from mixpeek_assets.warehouse import s3 as buckets
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.commands import give
from tests.warehouse.rows import add_videos, feature_reply, video, write

Set = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def _no_keys_of_before() -> None:
    buckets._session.cache_clear()


@pytest.fixture
def set_(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets a variable."""
    return monkeypatch.setenv


def problem(postgres: PostgresServer) -> str:
    """Open the warehouse that the environment names, write to it, and return what is said."""
    with pytest.raises(UserError) as caught:
        add_videos(open_warehouse(load_settings(), longest_wait=30), video("v1"))
    said = str(caught.value)
    assert postgres.password not in said
    assert "\n" not in said
    return said


@pytest.fixture
def site(postgres: PostgresServer, tmp_path: Path, set_: Set, request: pytest.FixtureRequest) -> str:
    """An empty database and a folder, as the environment names them; its URL."""
    url = postgres.make_database(f"bad_{abs(hash(request.node.name)):x}")
    set_("MIXPEEK_CLUSTER", url)
    set_("MIXPEEK_LAKE", str(tmp_path / "lake"))
    return url


def test_no_postgresql(postgres: PostgresServer, site: str, set_: Set) -> None:
    (port,) = free_ports(1)
    set_("MIXPEEK_CLUSTER", site.replace(f":{postgres.port}/", f":{port}/"))
    assert f"PostgreSQL at 127.0.0.1:{port}/" in problem(postgres)
    assert "is it running?" in problem(postgres)


def test_a_wrong_password(postgres: PostgresServer, site: str, set_: Set) -> None:
    set_("MIXPEEK_CLUSTER", f"postgresql://{postgres.user}:wrong-secret@{site.rpartition('@')[2]}")
    said = problem(postgres)
    assert f"does not accept the password of user {postgres.user}: correct MIXPEEK_CLUSTER" in said
    assert "wrong-secret" not in said


def test_a_database_that_does_not_exist(postgres: PostgresServer, site: str, set_: Set) -> None:
    set_("MIXPEEK_CLUSTER", postgres.url("nowhere"))
    assert "has no database of that name: correct MIXPEEK_CLUSTER" in problem(postgres)


def test_a_bucket_that_does_not_exist(postgres: PostgresServer, s3: S3Server, site: str, set_: Set) -> None:
    for name, value in s3.environment.items():
        set_(name, value)
    set_("MIXPEEK_LAKE", "s3://nowhere/mixpeek")
    assert problem(postgres).startswith("s3://nowhere/mixpeek: there is no such bucket: create it, or correct")


def test_keys_that_may_not_write(postgres: PostgresServer, s3: S3Server, site: str, set_: Set) -> None:
    for name, value in s3.environment.items():
        set_(name, value)
    set_("MIXPEEK_LAKE", f"{s3.make_bucket('readable')}/mixpeek")
    set_("AWS_ACCESS_KEY_ID", READER_KEY)
    said = problem(postgres)
    assert said.startswith("s3://readable/mixpeek: the keys may not write there (AccessDenied): check the AWS_*")
    assert s3.secret not in said


def test_two_lakes_on_one_catalogue(postgres: PostgresServer, warehouse: Warehouse, tmp_path: Path, set_: Set) -> None:
    own = load_settings().lake
    set_("MIXPEEK_LAKE", str(tmp_path / "another"))
    said = problem(postgres)
    assert f"is that of the lake {own}, and MIXPEEK_LAKE is {tmp_path / 'another'}: correct it" in said


def test_a_lake_that_a_newer_version_made(postgres: PostgresServer, warehouse: Warehouse) -> None:
    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek_internal.schema_version SET version = 99")
    assert "was written by a newer mixpeek_assets (its tables have version 99" in problem(postgres)


def test_a_lake_of_another_format(postgres: PostgresServer, warehouse: Warehouse) -> None:
    import psycopg

    url = load_settings().cluster
    assert url is not None
    with psycopg.connect(url.get_secret_value(), autocommit=True) as connection:
        connection.execute("UPDATE mixpeek_lake.ducklake_metadata SET value = '9.0' WHERE key = 'version'")
    assert "is of another version of DuckLake than DuckDB" in problem(postgres)


def test_a_duckdb_without_the_extensions(
    postgres: PostgresServer, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "find_spec", lambda name: None)
    monkeypatch.setattr(engine, "_idle", {})
    monkeypatch.setenv("HOME", str(tmp_path))
    code = (
        "from mixpeek_assets.warehouse import extensions; import duckdb; extensions.load_extensions(duckdb.connect())"
    )
    blocked = f"import sys; sys.modules.update(dict.fromkeys({[f'duckdb_extension_{one}' for one in extensions.LAKE]}))"
    done = subprocess.run([sys.executable, "-c", f"{blocked}\n{code}"], capture_output=True, text=True, check=False)
    assert "has no extension postgres_scanner: `pip install 'mixpeek-assets[cluster]'` installs" in done.stderr


def test_half_a_cluster_and_one_beside_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, set_: Set) -> None:
    set_("MIXPEEK_LAKE", "s3://bucket/prefix")
    with pytest.raises(UserError, match="MIXPEEK_LAKE: a cluster needs both: set MIXPEEK_CLUSTER too, or unset"):
        load_settings()
    set_("MIXPEEK_CLUSTER", "postgresql://user:secret@host/database")
    set_("MIXPEEK_WAREHOUSE", str(tmp_path / "w.duckdb"))
    with pytest.raises(UserError, match="MIXPEEK_LAKE: is a cluster's, and MIXPEEK_WAREHOUSE names a file: unset one"):
        load_settings()
    set_("MIXPEEK_CLUSTER", "host=h password=secret")
    with pytest.raises(UserError, match="MIXPEEK_CLUSTER: must be the URL of a PostgreSQL database") as caught:
        load_settings()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("lost", ["PostgreSQL", "S3"])
def test_what_waits_stays_when_a_service_is_lost_and_is_loaded_when_it_is_back(
    lost: str, tmp_path: Path, set_: Set
) -> None:
    with ExitStack() as server, ExitStack() as bucket:
        postgres, s3 = server.enter_context(services.postgres()), bucket.enter_context(services.s3())
        variables = {
            **s3.environment,
            "MIXPEEK_CLUSTER": postgres.make_database("site"),
            "MIXPEEK_LAKE": f"{s3.make_bucket('lost')}/mixpeek",
        }
        for name, value in variables.items():
            set_(name, value)
        warehouse = open_warehouse(load_settings(), longest_wait=30)
        add_videos(warehouse, video("v1"))
        replies = [feature_reply(f"f{number}", {"clip": [number, 1]}) for number in range(20)]
        write(warehouse.landing_folder, "vectors", *replies)
        (server if lost == "PostgreSQL" else bucket).close()
        with pytest.raises(UserError, match=f"{lost if lost == 'PostgreSQL' else 's3://lost/mixpeek'}.*") as caught:
            warehouse.load_pending()
        assert caught.value.retryable or lost == "S3"
        assert len(list(warehouse.landing_folder.glob("vectors-*"))) == 1
        assert not list(warehouse.landing_folder.glob("*.bad"))


def test_a_command_says_it_in_one_line(postgres: PostgresServer, site: str, tmp_path: Path, set_: Set) -> None:
    done = give(["query", "SELECT 1"], tmp_path, {**os.environ, "MIXPEEK_CLUSTER": postgres.url("nowhere")})
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: PostgreSQL at 127.0.0.1:{postgres.port}/nowhere has no database")
    assert done.stderr.count("\n") == 1
    assert postgres.password not in done.stderr
