"""Asks a published file with DuckDB 1.5.5 and its extensions; its interpreter has nothing of the project's.

Usage: `python extensions.py PUBLISHED VECTOR_NAME WORDS`; prints a JSON object.
"""

import importlib.util
import json
import sys
from pathlib import Path

import duckdb


def load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension from its package: nothing is downloaded."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    assert spec is not None and spec.submodule_search_locations
    (file,) = Path(spec.submodule_search_locations[0]).rglob(f"{name}.duckdb_extension")
    connection.execute(f"LOAD '{file}'")


def main(published: str, vector_name: str, words: str) -> None:
    """Build an HNSW and a BM25 index on copies in memory, and search by both and by the macros."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    for name in ("vss", "fts"):
        load(connection, name)
    connection.execute(f"ATTACH '{published}' AS warehouse (READ_ONLY)")
    view = f"warehouse.mixpeek.vectors_{vector_name}"
    connection.execute(f"CREATE TABLE vectors AS SELECT feature_id, embedding FROM {view}")
    connection.execute("CREATE INDEX graph ON vectors USING HNSW (embedding) WITH (metric = 'cosine')")
    query = connection.execute("SELECT embedding FROM vectors ORDER BY feature_id LIMIT 1").fetchall()[0][0]
    by_graph = (
        f"SELECT feature_id FROM vectors ORDER BY array_cosine_distance(embedding, ?::FLOAT[{len(query)}]) LIMIT 5"
    )
    connection.execute("CREATE TABLE features AS SELECT * FROM warehouse.mixpeek.features")
    connection.execute(
        "PRAGMA create_fts_index('features', 'feature_id', 'text', 'transcription', 'description', stemmer='none',"
        " stopwords='none')"
    )
    by_fts = (
        "SELECT feature_id FROM (SELECT *, fts_main_features.match_bm25(feature_id, ?) AS score FROM features)"
        " WHERE score IS NOT NULL ORDER BY score DESC, feature_id"
    )
    answers = {
        "version": duckdb.__version__,
        "plan": connection.execute(f"EXPLAIN {by_graph}", [query]).fetchall()[0][1],
        "by graph": connection.execute(by_graph, [query]).fetchall(),
        "by fts": connection.execute(by_fts, [words]).fetchall(),
    }
    connection.execute("USE warehouse")
    answers |= {
        "nearest": connection.execute(
            "SELECT feature_id FROM mixpeek.nearest(?, ?, k := 5)", [vector_name, query]
        ).fetchall(),
        "find_text": connection.execute("SELECT feature_id FROM mixpeek.find_text(?)", [words]).fetchall(),
    }
    sys.stdout.write(
        json.dumps(
            {name: [one for (one,) in found] if isinstance(found, list) else found for name, found in answers.items()}
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
