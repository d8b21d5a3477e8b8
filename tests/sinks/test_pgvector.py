"""The sink pgvector, on a real PostgreSQL."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pytest
from pydantic import SecretStr

from deploy.services import PostgresServer
from mixpeek_assets.errors import UserError
from mixpeek_assets.postgres import Postgres, PostgresDownError, PostgresError
from mixpeek_assets.sinks.errors import SinkError
from mixpeek_assets.sinks.pgvector import PgVector
from mixpeek_assets.sinks.port import NamedVector, Replaced
from tests.sinks.rows import DAY, NEXT_DAY, batches, many_rows, row

FEW = 10
"""So many vectors get an index here."""

ODD = "Ünï \"code\" 'quoted' / \\ % {} 日本 🎬 " + "x" * 200


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return new_database()


def opened(url: str, only: str | None = None) -> PgVector:
    return PgVector(Postgres(SecretStr(url), "MIXPEEK_SINK_PGVECTOR", "pgvector"), only, FEW)


def prepared(url: str, only: str | None = None) -> PgVector:
    sink = opened(url, only)
    sink.prepare([])
    return sink


def replace(sink: PgVector, *rows: dict[str, Any], day: date = DAY) -> Replaced:
    return sink.replace(day, batches(rows))


def ask(url: str, query: str, *values: Any) -> list[Any]:
    """Return what a query, or the last of several, says: rows, or values where it has one column."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), values or None)
        while cursor.nextset():
            pass
        rows = cursor.fetchall() if cursor.description else []
    return [row[0] if len(row) == 1 else row for row in rows]


def refused(verb: Callable[[], object]) -> UserError:
    """Return the one sentence with which a verb is refused."""
    with pytest.raises(UserError) as caught:
        verb()
    assert "\n" not in str(caught.value)
    return caught.value


class TestADay:
    def test_that_comes_again_is_unchanged(self, url: str) -> None:
        sink, rows = prepared(url), [row("a"), row("b", vector_name="text"), row("b")]

        assert replace(sink, *rows) == Replaced(3, 0, 0)
        before = ask(url, "SELECT array_agg(xmin::text || ctid ORDER BY feature_id, vector_name) FROM mixpeek.vectors")
        assert replace(sink, *rows) == Replaced(0, 3, 0)
        after = ask(url, "SELECT array_agg(xmin::text || ctid ORDER BY feature_id, vector_name) FROM mixpeek.vectors")

        assert after == before
        assert (sink.count(DAY), sink.count(NEXT_DAY)) == (3, 0)

    def test_is_there_as_it_was_sent(self, url: str) -> None:
        sent = row("a", [0.5, -1.25], text=ODD, vector_name=ODD, video_metadata='{"title": "A"}')
        replace(prepared(url), sent)

        query = """SELECT embedding::real[], dimensions, collection, url, start_time, end_time, text, transcription,
            metadata, video_metadata FROM mixpeek.moments WHERE vector_name = %s"""
        assert ask(url, query, ODD) == [
            (
                [0.5, -1.25],
                2,
                "default",
                sent["url"],
                1.0,
                2.0,
                ODD,
                sent["transcription"],
                {"shot": 1},
                {"title": "A"},
            )
        ]

    def test_that_differs_is_brought_up_to_date(self, url: str) -> None:
        sink = prepared(url)
        replace(sink, row("a"), row("b"), row("c", video_id="video of b"), row("d"))
        changed = row("a", [0.0, 2.0], text="other words", video_metadata='{"title": "other"}')

        assert replace(sink, changed, row("b"), row("e")) == Replaced(2, 1, 2)

        assert ask(url, "SELECT feature_id FROM mixpeek.features ORDER BY 1") == ["a", "b", "e"]
        assert ask(url, "SELECT video_id FROM mixpeek.videos ORDER BY 1") == ["video of a", "video of b", "video of e"]
        query = "SELECT embedding::text, dimensions, text, video_metadata FROM mixpeek.moments WHERE feature_id = 'a'"
        assert ask(url, query) == [("[0,2]", 2, "other words", {"title": "other"})]

    def test_without_rows_is_removed_and_no_other(self, url: str) -> None:
        sink = prepared(url)
        replace(sink, row("a"), row("b"))
        replace(sink, row("c", partition_date=NEXT_DAY), day=NEXT_DAY)

        assert replace(sink) == Replaced(0, 0, 2)

        assert (sink.count(DAY), sink.count(NEXT_DAY)) == (0, 1)
        assert ask(url, "SELECT feature_id FROM mixpeek.features") == ["c"]
        assert ask(url, "SELECT video_id FROM mixpeek.videos") == ["video of c"]

    def test_may_be_one_that_a_video_has_moved_to(self, url: str) -> None:
        sink, moved = prepared(url), row("a", partition_date=NEXT_DAY)
        replace(sink, row("a"), row("b"))

        assert replace(sink, moved, day=NEXT_DAY) == Replaced(1, 0, 0)
        assert replace(sink, row("b")) == Replaced(0, 1, 0)
        assert replace(sink, moved, day=NEXT_DAY) == Replaced(0, 1, 0)
        assert (sink.count(DAY), sink.count(NEXT_DAY)) == (1, 1)

    def test_whose_video_got_another_id_keeps_no_old_one(self, url: str) -> None:
        sink = prepared(url)
        replace(sink, row("a"))
        replace(sink, row("a", video_id="another"))
        assert ask(url, "SELECT video_id FROM mixpeek.videos") == ["another"]

    def test_of_another_collection_is_not_touched(self, url: str) -> None:
        one, other = prepared(url, "one"), prepared(url, "other")
        replace(one, row("a", collection="one"))
        replace(other, row("b", collection="other"), row("c", collection="other"))

        assert replace(one) == Replaced(0, 0, 1)
        assert (one.count(DAY), other.count(DAY), prepared(url).count(DAY)) == (0, 2, 2)

    @pytest.mark.parametrize("table", ["features", "videos"])
    def test_is_whole_again_after_somebody_deleted_moments_or_videos(self, url: str, table: str) -> None:
        sink = prepared(url)
        replace(sink, row("a"), row("b"))
        ask(url, f"DELETE FROM mixpeek.{table} WHERE video_id = 'video of a'")

        assert replace(sink, row("a"), row("b")) == Replaced(1, 1, 0)
        assert ask(url, f"SELECT count(*) FROM mixpeek.{table}") == [2]

    def test_of_many_batches_says_each_moment_and_video_once(self, url: str) -> None:
        names = [f"name {number}" for number in range(5)]
        rows = [row(one, vector_name=name, video_id="v", url="u") for one in ("a", "b", "c") for name in names]

        assert prepared(url).replace(DAY, batches(rows, size=2)) == Replaced(15, 0, 0)
        query = "SELECT (SELECT count(*) FROM mixpeek.features), (SELECT count(*) FROM mixpeek.videos)"
        assert ask(url, query) == [(3, 1)]


class TestAVector:
    def test_that_is_sparse_is_kept(self, url: str) -> None:
        sink, sparse = prepared(url), {"indices": [7, 2**31 - 1, 3], "values": [0.5, 0.0, -1.0]}

        assert replace(sink, row("a", None, vector_name="words", sparse=sparse), row("a")) == Replaced(2, 0, 0)
        query = "SELECT sparse_indices, sparse_values FROM mixpeek.vectors WHERE vector_name = 'words'"
        assert ask(url, query) == [([7, 2**31 - 1, 3], [0.5, 0.0, -1.0])]
        assert sink.count(DAY) == 2

    def test_may_have_another_length_than_others_of_its_name(self, url: str) -> None:
        sink = prepared(url)
        replace(sink, *many_rows(np.eye(20, dtype=np.float32)))
        sink.index([NamedVector("multimodal", 20, 20)])

        assert replace(sink, *many_rows(np.eye(20, 30, dtype=np.float32))) == Replaced(20, 0, 0)
        assert sink.index([NamedVector("multimodal", 30, 20)])
        assert len(ask(url, f"{nearest(30)}", str([1.0] + 29 * [0.0]))) == 10

    def test_that_has_become_too_long_is_removed(self, url: str) -> None:
        sink = prepared(url)
        replace(sink, row("a"))
        refused(lambda: replace(sink, row("a", np.ones(16_001).tolist())))
        assert sink.count(DAY) == 0

    def test_that_is_too_long_is_named_and_all_others_are_written(self, url: str) -> None:
        sink, rows = prepared(url), [row("a", np.ones(16_001).tolist(), vector_name="long"), row("a"), row("b")]

        error = refused(lambda: replace(sink, *rows))

        assert isinstance(error, SinkError)
        assert "at most 16,000 dimensions" in str(error)
        assert "long (16,001)" in str(error)
        assert sink.count(DAY) == 2

    def test_whose_moment_says_what_postgresql_refuses_is_kept(self, url: str) -> None:
        bad = r'{"nul": "a\u0000b", "half": "\ud83d", "pair": "\ud83c\udfac", "no escape": "\\u0000"}'
        replace(prepared(url), row("a", transcription="a\0b", metadata=bad))

        query = "SELECT transcription, metadata FROM mixpeek.moments"
        said = {"nul": "a\ufffdb", "half": "\ufffd", "pair": "🎬", "no escape": r"\u0000"}
        assert ask(url, query) == [("a\ufffdb", said)]


def nearest(dimensions: int, type_: str = "vector") -> str:
    """The query of the documents, for a vector of some length."""
    column = f"embedding::{type_}({dimensions})"
    return (
        f"SELECT feature_id FROM mixpeek.moments WHERE vector_name = 'multimodal' AND dimensions = {dimensions}"
        f" ORDER BY {column} <=> %s LIMIT 10"
    )


class TestAnIndex:
    @pytest.mark.parametrize(("dimensions", "kind"), [(2_000, "vector"), (2_001, "halfvec"), (4_000, "halfvec")])
    def test_is_made_once_and_used(self, url: str, dimensions: int, kind: str) -> None:
        sink, named = prepared(url), [NamedVector("multimodal", dimensions, 12)]
        replace(sink, *many_rows(np.eye(12, dimensions, dtype=np.float32)))

        (made,) = sink.index(named)

        assert (made.vector_name, made.vectors, made.method) == ("multimodal", 12, f"HNSW ({kind})")
        assert sink.index(named) == []
        plan = ask(
            url,
            f"SET enable_seqscan = off; SET enable_sort = off; EXPLAIN {nearest(dimensions, kind)}".replace(
                "%s", "'[1]'"
            ),
        )
        assert any("using vectors_hnsw" in line for line in plan)

    def test_waits_for_many_vectors_and_for_most_of_them(self, url: str) -> None:
        sink = prepared(url)
        replace(sink, *many_rows(np.eye(FEW - 1, 3, dtype=np.float32)))
        assert sink.index([NamedVector("multimodal", 3, FEW - 1)]) == []
        replace(sink, *many_rows(np.eye(FEW, 3, dtype=np.float32)))
        assert sink.index([NamedVector("multimodal", 3, 2 * FEW)]) == []
        assert len(sink.index([NamedVector("multimodal", 3, FEW)])) == 1

    def test_is_of_one_name_whatever_it_is(self, url: str) -> None:
        sink = prepared(url)
        replace(sink, *(row(f"{number}", vector_name=ODD) for number in range(FEW)))
        (made,) = sink.index([NamedVector(ODD, 3, FEW), NamedVector("words", None, FEW), NamedVector("x", 5_000, 99)])
        assert made.vector_name == ODD

    def test_that_is_broken_is_made_again(self, url: str) -> None:
        sink, named = prepared(url), [NamedVector("multimodal", 3, FEW)]
        replace(sink, *many_rows(np.eye(FEW, 3, dtype=np.float32)))
        sink.index(named)
        ask(url, "UPDATE pg_index SET indisvalid = false WHERE indexrelid::regclass::text LIKE '%hnsw%'")

        assert len(sink.index(named)) == 1
        assert sink.index(named) == []

    def test_is_not_touched_where_an_embedding_stays(self, url: str) -> None:
        sink = prepared(url)
        vectors = np.random.default_rng(1).standard_normal((40, 1_000), dtype=np.float32)
        replace(sink, *many_rows(vectors))
        sink.index([NamedVector("multimodal", 1_000, 40)])

        assert replace(sink, *many_rows(vectors, text="other words")) == Replaced(40, 0, 0)

        with Postgres(SecretStr(url)).session() as connection:
            connection.execute("SELECT pg_stat_force_next_flush()")
        query = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'vectors'"
        assert ask(url, query) == [(40, 40)]


class TestADatabase:
    def test_of_which_a_table_is_somebody_elses_is_not_touched(self, url: str) -> None:
        ask(url, "CREATE SCHEMA mixpeek CREATE TABLE videos (id int) CREATE VIEW moments AS SELECT 1 AS one")

        error = refused(lambda: prepared(url))

        assert isinstance(error, SinkError)
        assert "mixpeek.videos" in str(error)
        assert "mixpeek.moments" in str(error)
        assert "rename" in str(error)
        assert ask(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'mixpeek'") == [1]

    def test_may_be_prepared_by_several_at_once(self, url: str) -> None:
        with ThreadPoolExecutor(4) as threads:
            sinks = list(threads.map(prepared, [url] * 4))
        assert [sink.count(DAY) for sink in sinks] == [0] * 4

    def test_has_comments_for_all_that_is_ours(self, url: str) -> None:
        prepared(url)
        query = """SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'mixpeek'::regnamespace AND relkind = 'r' AND attnum > 0
            AND col_description(attrelid, attnum) IS NULL"""
        assert ask(url, query) == []

    def test_without_pgvector_says_how_to_get_it(self, url: str) -> None:
        ask(url, f"ALTER DATABASE {url.rpartition('/')[2]} SET extension_control_path = '/nowhere'")
        error = refused(lambda: prepared(url))
        assert "has no pgvector: install it on the server" in str(error)

    def test_with_an_old_pgvector_says_how_to_update_it(self, url: str) -> None:
        ask(url, "CREATE EXTENSION vector")
        ask(url, "UPDATE pg_extension SET extversion = '0.6.2' WHERE extname = 'vector'")
        error = refused(lambda: prepared(url))
        assert "has pgvector 0.6.2, and 0.7 is needed" in str(error)
        assert "ALTER EXTENSION vector UPDATE" in str(error)

    def test_may_have_pgvector_in_a_schema_of_its_own(self, url: str) -> None:
        ask(url, "CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions")
        sink = prepared(url)
        assert replace(sink, *many_rows(np.eye(FEW, 3, dtype=np.float32))) == Replaced(FEW, 0, 0)
        assert len(sink.index([NamedVector("multimodal", 3, FEW)])) == 1

    def test_whose_user_may_make_nothing_says_what_to_grant(self, url: str, guest: Callable[[str], str]) -> None:
        name = guest(url)
        assert "let the owner of the database run CREATE EXTENSION vector" in str(refused(lambda: prepared(name)))
        ask(url, "CREATE EXTENSION vector")
        assert "permission denied for database" in str(refused(lambda: prepared(name)))

    def test_whose_user_may_only_write_is_written(self, url: str, guest: Callable[[str], str]) -> None:
        prepared(url)
        name = guest(url)
        ask(url, "GRANT USAGE ON SCHEMA mixpeek TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA mixpeek TO PUBLIC")
        assert replace(prepared(name), row("a")) == Replaced(1, 0, 0)

    def test_that_is_empty_counts_nothing(self, url: str) -> None:
        assert opened(url).count(DAY) == 0

    def test_that_takes_no_writes_says_so(self, url: str) -> None:
        prepared(url)
        ask(url, f"ALTER DATABASE {url.rpartition('/')[2]} SET default_transaction_read_only = on")
        # A parameter of the URL: a connection of its own, which knows of it.
        sink = opened(f"{url}?connect_timeout=9")
        error = refused(lambda: replace(sink, row("a")))
        assert "takes no writes: correct MIXPEEK_SINK_PGVECTOR" in str(error)

    def test_whose_disk_is_full_may_have_room_later(self, url: str) -> None:
        sink = prepared(url)
        ask(
            url,
            """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION
            'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON mixpeek.vectors EXECUTE FUNCTION full_disk()""",
        )
        error = refused(lambda: replace(sink, row("a")))
        assert isinstance(error, PostgresDownError)
        assert "No space left on device): free space on the server" in str(error)

    def test_that_goes_away_in_the_middle_has_all_or_nothing(self, url: str) -> None:
        sink, rows = prepared(url), many_rows(np.eye(20, 3, dtype=np.float32))
        replace(sink, row("feature 000000"), row("gone"))

        def interrupted() -> Iterator[pa.RecordBatch]:
            first, *others = batches(rows, size=5)
            yield first
            query = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            ask(url, f"{query} AND datname = current_database() AND backend_type = 'client backend'")
            yield from others

        error = refused(lambda: sink.replace(DAY, interrupted()))

        assert isinstance(error, PostgresDownError)
        assert sink.count(DAY) == 2
        assert replace(sink, *rows) == Replaced(19, 1, 1)
        assert sink.count(DAY) == 20

    def test_is_one_sentence_where_the_password_is_wrong(self, url: str, postgres: PostgresServer) -> None:
        error = refused(lambda: prepared(f"postgresql://{postgres.user}:5ecret@127.0.0.1:{postgres.port}/postgres"))
        assert isinstance(error, PostgresError)
        assert "correct MIXPEEK_SINK_PGVECTOR" in str(error)
        assert "5ecret" not in str(error)


@pytest.fixture
def guest(postgres: PostgresServer) -> Iterator[Callable[[str], str]]:
    """Returns the URL of a database for a user who may nothing but look."""
    ask(postgres.url(), "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    databases: list[str] = []

    def of(url: str) -> str:
        databases.append(url)
        return re.sub("//.*@", "//guest:guest@", url)

    yield of
    for url in databases:
        ask(url, "DROP OWNED BY guest")
    ask(postgres.url(), "DROP ROLE guest")
