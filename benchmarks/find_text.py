"""How long does a search by words take? ``python -m benchmarks.find_text [features, 1,000,000 by default]``.

Texts of 5 to 55 words, as frequent as in Zipf's law. Where the package duckdb-extension-fts is installed (for DuckDB
1.5.5 alone), its index is built on the same texts, and answers the same questions beside the macro.
"""

import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from mixpeek_assets.warehouse.database import Database
from mixpeek_assets.warehouse.site import Site

VOCABULARY = 50_000
BATCH = 50_000
ROUNDS = 3
ASKED = {
    "a rare word": [30_000],
    "two words": [500, 3_000],
    "five words": [200, 900, 4_000, 12_000, 40_000],
    "the most frequent word": [0],
    "a question with small words": [0, 2, 5, 900, 4_000],
}
_FTS = "SELECT feature_id, fts_mixpeek_features.match_bm25(feature_id, $1) AS score FROM mixpeek.features"


def main() -> None:
    """Print a line a question."""
    features = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    words = vocabulary(np.random.default_rng(7))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        with Database(Site.of_file(path)).connection() as connection:
            fill(connection, features, words)
        with duckdb.connect(path, config={"threads": 2}) as connection:
            print(f"DuckDB {duckdb.__version__}, {features:,} features")
            has_fts = load_fts(connection, path)
            for name, ranks in ASKED.items():
                asked = " ".join(words[rank] for rank in ranks)
                own, found = timed(lambda asked=asked: search(connection, "mixpeek.find_text($1)", asked))
                print(f"{name:28s} find_text {own}", end="")
                if has_fts:
                    ordered = f"({_FTS}) WHERE score IS NOT NULL ORDER BY score DESC, feature_id LIMIT 10"
                    fts, same = timed(lambda asked=asked, ordered=ordered: search(connection, ordered, asked))
                    print(f"   fts {fts}   the same ten: {found == same}", end="")
                print(flush=True)


def vocabulary(random: np.random.Generator) -> list[str]:
    """Different words, the frequent ones short."""
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        length = int(np.clip(random.normal(3 + 2.2 * np.log10(1 + len(found) / 3), 2), 1, 14))
        found["".join(random.choice(list("etaoinshrdlucmfwypvbgkjqxz"), length))] = None
    return list(found)


def fill(connection: duckdb.DuckDBPyConnection, features: int, words: list[str]) -> None:
    """Put features of a third each into what was read, heard and seen."""
    random = np.random.default_rng(11)
    shares = np.cumsum(1 / np.arange(2, VOCABULARY + 2))
    for first in range(0, features, BATCH):
        lengths = random.integers(5, 56, min(BATCH, features - first))
        ranks = np.searchsorted(shares, random.random(int(lengths.sum())) * shares[-1])
        listed = np.split(np.asarray(words)[ranks], np.cumsum(lengths)[:-1])
        rows = [(first + number, sentence(one)) for number, one in enumerate(listed)]
        connection.execute(
            "INSERT INTO mixpeek.features BY NAME SELECT format('feature-{:08d}', number) AS feature_id,"
            " 'v' || number // 100 AS video_id,"
            " CASE number % 3 WHEN 0 THEN words END AS text,"
            " CASE number % 3 WHEN 1 THEN words END AS transcription,"
            " CASE number % 3 WHEN 2 THEN words END AS description"
            " FROM (SELECT unnest($1) AS number, unnest($2) AS words)",
            [[number for number, _ in rows], [text for _, text in rows]],
        )


def sentence(words: NDArray[np.str_]) -> str:
    """The words with a comma and a full stop."""
    return f"{' '.join(words[:12]).capitalize()}, {' '.join(words[12:])}."


def load_fts(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Build the index of the fts extension, if there is one; say how long it took and how large it is."""
    spec = importlib.util.find_spec("duckdb_extension_fts")
    if spec is None or not spec.submodule_search_locations:
        return False
    [extension] = Path(spec.submodule_search_locations[0]).rglob("fts.duckdb_extension")
    connection.execute("CHECKPOINT")
    before = path.stat().st_size
    connection.execute(f"LOAD '{extension}'")
    start, processor = time.perf_counter(), time.process_time()
    connection.execute(
        "PRAGMA create_fts_index('mixpeek.features', 'feature_id', 'text', 'transcription', 'description',"
        r" stemmer = 'none', stopwords = 'none', ignore = '[^\p{L}\p{N}]+')"
    )
    taken = f"{time.perf_counter() - start:.0f} s ({time.process_time() - processor:.0f} s of CPU)"
    connection.execute("CHECKPOINT")
    print(f"the index of fts: {taken}, the file grows from {before / 1e6:.0f} to {path.stat().st_size / 1e6:.0f} MB")
    return True


def search(connection: duckdb.DuckDBPyConnection, source: str, words: str) -> list[Any]:
    """The ids of the best ten, in order."""
    return [row[0] for row in connection.execute(f"SELECT feature_id FROM {source}", [words]).fetchall()]


def timed(ask: Callable[[], list[Any]]) -> tuple[str, list[Any]]:
    """The quickest of some rounds, and its answer."""
    walls, processors, answer = [], [], list[Any]()
    for _ in range(ROUNDS):
        start, processor = time.perf_counter(), time.process_time()
        answer = ask()
        walls.append(time.perf_counter() - start)
        processors.append(time.process_time() - processor)
    return f"{min(walls) * 1000:6.0f} ms, CPU {min(processors) * 1000:6.0f} ms", answer


if __name__ == "__main__":
    main()
