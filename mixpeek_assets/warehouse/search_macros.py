"""Makes searches use the vector indexes that the file has: a macro for each, and one that chooses among them."""

from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from mixpeek_assets.sql_files import literal
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.comments import WORDS
from mixpeek_assets.warehouse.lake import is_lake

MOST_BY_CODES = 100
"""Up to so many neighbours are found by codes; more are found exactly."""

_ONE, _MANY = "embedding, k, collections, modalities, since, until, among", "embeddings, k"


class Usable(NamedTuple):
    """An index that searches use.

    Attributes:
        vector_name: The named vector.
        dimensions: Of its vectors, all of them.
        is_rotated: Whether the signs are of other axes than the vector's own.
        blocks: How many columns of 64 signs a code has.
        pool: How many of the nearest codes are looked at for ten neighbours.
        covered_until: As ISO text: vectors loaded later are compared exactly.
    """

    vector_name: str
    dimensions: int
    is_rotated: bool
    blocks: int
    pool: int
    covered_until: str


def differing_bits(blocks: int) -> str:
    """Return the expression of how many bits of a `code` and of a `query.code` (a list) differ.

    As floats, because DuckDB checks each sum of integers for an overflow, which takes as long as the rest.
    """
    return " + ".join(f"bit_count(xor(code.b{block}, query.code[{block + 1}]))::FLOAT" for block in range(blocks))


def refresh_search_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros again: whenever an index, or what is known of the named vectors, has changed."""
    usable = {f"codes_{key}": Usable(*row) for key, *row in SQL.run(connection, "usable_indexes").fetchall()}
    for macro in SQL.values(connection, "index_macros"):
        connection.execute(f"DROP MACRO TABLE mixpeek_internal.{macro}")
    for codes, index in usable.items():
        for template in ("nearest_by_codes", "nearest_each_by_codes"):
            connection.execute(_filled_in(template, codes, index))
            words = f"{template.removesuffix('_by_codes')} of the named vector {index.vector_name}, by its index."
            _comment(connection, f"{template.removesuffix('codes')}{codes}", words)
    for search, parameters in (("nearest", _ONE), ("nearest_each", _MANY)):
        connection.execute(_choosing(search, parameters, usable))
        _comment(connection, search, WORDS[f"mixpeek_internal.{search}"])


def _comment(connection: duckdb.DuckDBPyConnection, macro: str, words: str) -> None:
    if not is_lake(connection):
        connection.execute(f"COMMENT ON MACRO TABLE mixpeek_internal.{macro} IS {literal(words)}")


def _choosing(search: str, parameters: str, usable: Mapping[str, Usable]) -> str:
    """Return the macro of a search that uses the index of its named vector, if there is one.

    DuckDB drops the branches that are not for the name, as long as that is a constant.
    """
    names = ", ".join(literal(index.vector_name) for index in usable.values())
    chosen = f"coalesce(vector_name IN ({names}) AND k <= {MOST_BY_CODES}, FALSE)" if names else "FALSE"
    branches = [
        f"SELECT found.* FROM mixpeek_internal.{search}_exact(vector_name, {parameters}) AS found WHERE NOT {chosen}",  # noqa: S608
        *(
            f"SELECT found.* FROM mixpeek_internal.{search}_by_{codes}({parameters}) AS found"  # noqa: S608
            f" WHERE coalesce(vector_name = {literal(index.vector_name)} AND k <= {MOST_BY_CODES}, FALSE)"
            for codes, index in usable.items()
        ),
    ]
    head = f"CREATE OR REPLACE MACRO mixpeek_internal.{search}(vector_name, {parameters}) AS TABLE "
    return head + " UNION ALL ".join(branches)


def _filled_in(template: str, codes: str, index: Usable) -> str:
    projected = "list_inner_product(axis.weights, wanted.query)" if index.is_rotated else "wanted.query[axis.axis + 1]"
    text = SQL.text(template)
    for stand_in, meant in {
        f"{template}(": f"{template.removesuffix('codes')}{codes}(",
        "codes_of_name": codes,
        "'a_name'": literal(index.vector_name),
        "dimensions_of_name": str(index.dimensions),
        "projection_of_query": projected,
        "bits_that_differ": differing_bits(index.blocks),
        "pool_of_ten": str(index.pool),
        "covered_until_then": f"TIMESTAMPTZ {literal(index.covered_until)}",
    }.items():
        text = text.replace(stand_in, meant)
    return text
