"""Search by words, and by words and a vector at once: what is found, where, in which order, and what is refused."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpeek_assets.warehouse.views import refresh_views
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.stores import Stores
from tests.warehouse.rows import DAY, NEXT_DAY, add_videos, asset_reply, feature, land, video


@pytest.fixture(scope="module")
def opened(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse that the tests of this module share; `texts` empties it first."""
    with (
        stores.warehouse(tmp_path_factory.mktemp("words") / "warehouse.duckdb") as warehouse,
        warehouse.database.connection() as connection,
    ):
        yield connection


def texts(connection: duckdb.DuckDBPyConnection, *read: str | None, **more: str | dict[str, str]) -> None:
    """Put features into the file: f1, f2, … with a text that was read, and more by name, with their columns."""
    for name in ("features", "vectors", "videos"):
        connection.execute(f"DELETE FROM mixpeek.{name}")
    rows: dict[str, Any] = {f"f{number}": {"text": text} for number, text in enumerate(read, start=1)}
    rows |= {name: {"text": given} if isinstance(given, str) else given for name, given in more.items()}
    empty = {"text": None, "transcription": None, "description": None}
    listed = [{"feature_id": name, **empty, **columns} for name, columns in rows.items()]
    if listed:
        connection.execute("INSERT INTO mixpeek.features BY NAME SELECT unnest($1, recursive := true)", [listed])


def found(connection: duckdb.DuckDBPyConnection, words: str | None, more: str = "", k: int = 10) -> list[str]:
    asked = connection.execute(f"SELECT feature_id FROM mixpeek.find_text($1, k := $2{more})", [words, k])
    return [name for (name,) in asked.fetchall()]


def test_features_are_ranked_by_bm25(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, "Boat, boat: sea!", "boat", "sea sky")
    rows = opened.execute("SELECT feature_id, score FROM mixpeek.find_text('boat')").fetchall()
    # Two of three have it: ln(1 + 1.5 / 2.5) = 0.4700. They have three words and one, two on average.
    # Twice in three: 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2)). Once in one: 2.2 / (1 + 1.2 * (0.25 + 0.75 / 2)).
    assert rows == [("f2", 0.5909), ("f1", 0.5666)]


def test_what_is_equally_good_is_in_the_order_of_its_id(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, c="a boat", a="a boat", b="boat a")
    assert found(opened, "boat") == ["a", "b", "c"]
    assert found(opened, "boat", k=2) == ["a", "b"]


def test_features_without_any_text_do_not_count(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, "boat", "sea", None, "")
    [(score,)] = opened.execute("SELECT score FROM mixpeek.find_text('boat')").fetchall()
    assert score == round(math.log(1 + 1.5 / 1.5), 4)


WORDS = ("Lighthouse", "light", "TOWER", "gate", "Über", "Ärger", "año", "42", "ﬁn", "маяк")
VOCABULARY = st.sampled_from(WORDS)
TEXT = st.lists(st.tuples(VOCABULARY, st.sampled_from([" ", ", ", "-", "\n", "  ", "; (", "_"])), max_size=12).map(
    lambda parts: "".join(word + separator for word, separator in parts)
)
FIELDS = st.fixed_dictionaries({"text": TEXT, "transcription": TEXT, "description": TEXT})


def words_of(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFD", text)
    return re.findall(r"[^\W_]+", "".join(one for one in decomposed if unicodedata.category(one) != "Mn").lower())


def bm25(features: dict[str, dict[str, str]], asked: Sequence[str]) -> list[tuple[str, float]]:
    """The ranking as its definition has it (k1 = 1.2, b = 0.75)."""
    counts = {name: Counter(words_of(" ".join(row.values()))) for name, row in features.items() if any(row.values())}
    lengths = {name: count.total() for name, count in counts.items()}
    average = sum(lengths.values()) / max(1, len(lengths))
    scores: dict[str, float] = {}
    for word in {folded for one in asked for folded in words_of(one)}:
        having = [name for name, count in counts.items() if count[word]]
        weight = math.log(1 + (len(counts) - len(having) + 0.5) / (len(having) + 0.5))
        for name in having:
            times = counts[name][word]
            score = weight * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * lengths[name] / average))
            scores[name] = scores.get(name, 0) + score
    return sorted(((name, round(score, 4)) for name, score in scores.items()), key=lambda row: (-row[1], row[0]))


@settings(max_examples=25)
@given(st.lists(FIELDS, max_size=8), st.lists(VOCABULARY, min_size=1, max_size=4))
def test_the_ranking_is_that_of_the_definition(
    opened: duckdb.DuckDBPyConnection, rows: list[dict[str, str]], asked: list[str]
) -> None:
    features = {f"f{number}": row for number, row in enumerate(rows)}
    texts(opened, **features)
    result = opened.execute("SELECT * FROM mixpeek.find_text($1)", [" ".join(asked)]).fetchall()
    expected = bm25(features, asked)
    assert [row[0] for row in result] == [name for name, _ in expected]
    assert [row[2] for row in result] == pytest.approx([score for _, score in expected], abs=1.1e-4)
    wanted = {folded for one in asked for folded in words_of(one)}
    assert all(wanted & set(words_of(" ".join(features[row[0]].values()))) for row in result)


def test_many_features_are_counted_and_a_part_of_them_gives_the_average(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, "a white lighthouse")
    opened.execute(
        "INSERT INTO mixpeek.features BY NAME"
        " SELECT 'more' || number AS feature_id, 'a red boat' AS text FROM range(7999) AS numbers(number)"
    )
    rows = opened.execute("SELECT feature_id, score FROM mixpeek.find_text('lighthouse')").fetchall()
    assert rows == [("f1", round(math.log(1 + 7999.5 / 1.5), 4))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("GRÖSSE und Äpfel", "apfel"),
        ("grosse Apfel", "ÄPFEL"),
        ("cafe\u0301 au lait", "café"),
        ("Не видно маяка, МАЯК", "маяк"),
        ("हिन्दी भाषा में", "हिन्दी"),
        ("부산 등대", "등대"),
        ("灯台の光が海を照らす", "灯台"),
        ("海边的灯塔很高", "灯塔"),
        ("ประภาคารริมทะเล", "ทะเล"),
        ("in 4K, at 3.14", "3.14"),
        ("don't go", "don't"),
        ("state-of-the-art", "art"),
        ("a\x1fb", "b"),
    ],
)
def test_words_are_found_in_any_script_and_case(opened: duckdb.DuckDBPyConnection, text: str, words: str) -> None:
    texts(opened, "nothing of it", text)
    assert found(opened, words) == ["f2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("investigate", "gate"), ("gates", "gate"), ("灯の台", "灯台"), ("don, you see t", "don't"), ("3.1 4", "3.14")],
)
def test_no_part_of_a_word_is_found(opened: duckdb.DuckDBPyConnection, text: str, words: str) -> None:
    texts(opened, text)
    assert found(opened, words) == []


def test_a_phrase_in_quotes_must_be_there(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, "the Golden, Gate", "gate, golden bridge", "golden gate golden gate", "bridge")
    opened.execute("UPDATE mixpeek.features SET transcription = 'gate' WHERE feature_id = 'f2'")
    assert found(opened, '"golden gate"') == ["f3", "f1"]
    assert found(opened, "“Golden Gate” bridge") == ["f3", "f1"]
    assert found(opened, '"bridge" "golden gate"') == []
    assert set(found(opened, 'golden gate "')) == {"f1", "f2", "f3"}


def test_a_row_tells_where_the_words_are(opened: duckdb.DuckDBPyConnection) -> None:
    texts(
        opened,
        a={"text": "EXIT", "transcription": "Mind the\n gate.", "description": "a gate"},
        b={"text": "The gate", "transcription": "no"},
    )
    rows = opened.execute("SELECT feature_id, matched, excerpt FROM mixpeek.find_text('gate') ORDER BY ALL").fetchall()
    assert rows == [("a", ["heard", "seen"], "Mind the gate."), ("b", ["read"], "The gate")]


def test_what_may_have_been_misheard_is_shown_as_a_guess(opened: duckdb.DuckDBPyConnection) -> None:
    payload = '{"source": "speech", "unsure": true}'
    texts(opened, a={"text": "Mind the gate.", "modality": "text", "payload": payload})
    excerpt = opened.execute("SELECT excerpt FROM mixpeek.find_text('gate')").fetchone()
    heard = opened.execute("SELECT heard, read FROM mixpeek.moments").fetchone()
    assert excerpt == ('perhaps: "Mind the gate."',)
    assert heard == ('perhaps: "Mind the gate."', None)


@pytest.mark.parametrize(
    "filler", ["word ", "mot é ", "investigate ", "e\u0301e\u0301 ", "हिन्दी ", "👩‍🚀 ", "İ ", "海 "]
)
def test_an_excerpt_is_cut_around_the_first_hit(opened: duckdb.DuckDBPyConnection, filler: str) -> None:
    texts(opened, f"{filler * 80}the Gate {filler * 80}Gate")
    [(excerpt,)] = opened.execute("SELECT excerpt FROM mixpeek.find_text('gate')").fetchall()
    assert "the Gate" in excerpt
    assert excerpt.startswith("… ")
    assert excerpt.endswith(" …")
    assert len(excerpt) < 160 * len(filler)


def test_an_excerpt_of_what_has_no_spaces_has_the_hit(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, "海" * 200 + "灯台" + "海" * 200)
    [(excerpt,)] = opened.execute("SELECT excerpt FROM mixpeek.find_text('灯台')").fetchall()
    assert "灯台" in excerpt


@pytest.mark.parametrize(
    ("words", "more", "k", "sentence"),
    [
        (None, "", 10, "The words are NULL: give some to look for"),
        ("", "", 10, "There is no letter or digit to look for in the words ''"),
        (" \t", "", 10, "There is no letter or digit to look for"),
        ("?! … \"'", "", 10, "There is no letter or digit to look for"),
        ("gate", "", 0, "k is 0: it must be 1 or more"),
        ("gate", "", -3, "k is -3: it must be 1 or more"),
        ("gate", ", collections := ['it''s', 'x']", 10, "There is no collection 'it's', 'x'"),
    ],
)
def test_what_cannot_be_searched_for_is_said_in_a_sentence(
    opened: duckdb.DuckDBPyConnection, words: str | None, more: str, k: int, sentence: str
) -> None:
    texts(opened)
    for table in ("find_text($1, ", "find_moments($1, 'clip', NULL, "):
        for filled in (False, True):
            if filled:
                texts(opened, "a gate")
            with pytest.raises(duckdb.InvalidInputException, match=re.escape(sentence)):
                opened.execute(f"SELECT * FROM mixpeek.{table}k := $2{more})", [words, k]).fetchall()


@pytest.mark.parametrize(
    "words",
    [
        "'; DROP TABLE mixpeek.features; --",
        '""a',
        'a "',
        "%_a*",
        r"\1 \p{L} [a-z",
        "a\0b",
        "🗼 a",
        "a " * 3000,
        "a" * 99999,
    ],
)
def test_hostile_words_are_only_words(opened: duckdb.DuckDBPyConnection, words: str) -> None:
    texts(opened, "nothing of it")
    assert found(opened, words) == []
    assert found(opened, "nothing") == ["f1"]


def test_filters_leave_what_they_name(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1", collection="films"))
    add_videos(warehouse, video("v2", collection="talks"), day=NEXT_DAY)
    land(
        warehouse,
        "assets",
        asset_reply("a1", feature("f1", text="a gate", start_time=2.5), feature("f2", modality="audio", text="gate")),
        asset_reply("a2", feature("f3", description="the gate"), video_id="v2", day=NEXT_DAY),
    )
    with warehouse.database.connection(read_only=True) as connection:
        for more, names in {
            "collections := ['films']": {"f1", "f2"},
            "collections := []": set[str](),
            "modalities := ['audio', 'video']": {"f2"},
            f"since := DATE '{NEXT_DAY}'": {"f3"},
            f"until := DATE '{DAY}'": {"f1", "f2"},
            "among := ['f1', 'f3']": {"f1", "f3"},
            "among := ARRAY(SELECT feature_id FROM mixpeek.features WHERE start_time > 2)": {"f1"},
            "among := ARRAY(SELECT feature_id FROM mixpeek.features WHERE start_time > 9)": set[str](),
            "collections := ['films'], modalities := ['image']": {"f1"},
        }.items():
            assert set(found(connection, "gate", f", {more}")) == names, more
            moments = connection.execute(f"SELECT feature_id FROM mixpeek.find_moments('gate', 'clip', NULL, {more})")
            assert {name for (name,) in moments.fetchall()} == names, more
        [(alone,)] = connection.execute("SELECT score FROM mixpeek.find_text('gate', among := ['f2'])").fetchall()
        assert alone == round(math.log(1 + 0.5 / 1.5), 4), "only what the filters leave is counted"
        row = connection.execute("SELECT * EXCLUDE (score) FROM mixpeek.find_text('gate', among := ['f1'])").fetchall()
        url = "https://videos.test/v1.mp4"
        assert row == [("f1", "image", ["read"], "a gate", 2.5, 1.0, url, "films", "a1", "v1")]
    with Warehouse(warehouse.site, timeout=30, collection="talks").reader() as reader:
        assert found(reader.connection, "gate") == ["f3"]


def vectors(connection: duckdb.DuckDBPyConnection, **embeddings: Sequence[float]) -> None:
    for name, embedding in embeddings.items():
        connection.execute(
            "INSERT INTO mixpeek.vectors BY NAME SELECT $1 AS feature_id, 'clip' AS vector_name, 'v' AS video_id,"
            " $2::FLOAT[] AS embedding, len($2) AS dimensions",
            [name, embedding],
        )
    connection.execute("INSERT INTO mixpeek.videos BY NAME SELECT 'v' AS video_id, 'films' AS collection, '/v' AS url")
    refresh_views(connection)


def test_moments_fuse_the_ranks_of_words_and_vectors(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, both="boat sea", words="boat", near="sky", last="boat and sea and so on")
    vectors(opened, both=[1, 1], near=[1, 0], last=[-1, 0])
    rows = opened.execute(
        "SELECT feature_id, score, text_rank, vector_rank, excerpt FROM mixpeek.find_moments('boat', 'clip', [2, 0])"
    ).fetchall()
    assert rows == [
        ("both", round(1 / 62 + 1 / 62, 6), 2, 2, "boat sea"),
        ("last", round(1 / 63 + 1 / 63, 6), 3, 3, "boat and sea and so on"),
        ("near", round(1 / 61, 6), None, 1, None),
        ("words", round(1 / 61, 6), 1, None, "boat"),
    ]
    best = opened.execute("SELECT feature_id FROM mixpeek.find_moments('boat', 'clip', [2, 0], k := 1)").fetchall()
    assert best == [("both",)]


def test_moments_without_an_embedding_are_those_of_the_words(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, both="boat sea", near="sky")
    vectors(opened, both=[1, 1], near=[1, 0])
    query = "SELECT feature_id, text_rank, vector_rank FROM mixpeek.find_moments('boat', 'clip', $1)"
    assert opened.execute(query, [None]).fetchall() == [("both", 1, None)]
    assert opened.execute(query.replace("$1", "NULL")).fetchall() == [("both", 1, None)]


def test_moments_whose_words_are_nowhere_are_those_of_the_vector(opened: duckdb.DuckDBPyConnection) -> None:
    texts(opened, both="boat sea", near="sky")
    vectors(opened, both=[1, 1], near=[1, 0])
    rows = opened.execute("SELECT * FROM mixpeek.find_moments('whale', 'clip', [1, 0], among := ['both'])").fetchall()
    assert [(row[0], *row[3:5]) for row in rows] == [("both", None, 1)]
