"""The warehouse in Python, for a notebook: read-only, a question at a time."""

import warnings
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

import duckdb

from mixpeek_assets.api.port import SearchReply
from mixpeek_assets.connections import local_api, open_client, open_warehouse
from mixpeek_assets.errors import UserError
from mixpeek_assets.questions import Day, Filters, Names, Numbers, QuestionError, count, numbers
from mixpeek_assets.search import MOST, POLICY, Hit, SearchError, checked, find, hits_of, known_collections, split
from mixpeek_assets.settings import Settings, load_settings
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Kind = Literal["pandas", "arrow", "polars"]
Way = Literal["meaning", "words"]

_NEEDED: Mapping[Kind, Sequence[str]] = {"pandas": (), "arrow": ("pyarrow",), "polars": ("polars", "pyarrow")}
"""The packages that a result needs, beside those of the pipeline."""


@dataclass(frozen=True, repr=False)
class ReadOnlyWarehouse:
    """Questions to the warehouse. Each opens the published file, so none delays a landing, and each sees the newest.

    Attributes:
        warehouse: The file.
        settings: Which API `search` asks.

    Examples:
        >>> import mixpeek_assets
        >>> warehouse = mixpeek_assets.connect()
        >>> warehouse.query("SELECT count(*) AS videos FROM mixpeek.videos")
        >>> warehouse.search("a lighthouse at night", k=5)
    """

    warehouse: Warehouse
    settings: Settings

    def __repr__(self) -> str:
        return f"ReadOnlyWarehouse({self.warehouse.name!r})"

    @overload
    def query(self, sql: str, parameters: Any = None, *, to: Literal["pandas"] = "pandas") -> "pd.DataFrame": ...

    @overload
    def query(self, sql: str, parameters: Any = None, *, to: Literal["arrow"]) -> "pa.Table": ...

    @overload
    def query(self, sql: str, parameters: Any = None, *, to: Literal["polars"]) -> "pl.DataFrame": ...

    def query(self, sql: str, parameters: Any = None, *, to: Kind = "pandas") -> Any:
        """Run a query and return its rows.

        Args:
            sql: One or more statements; the rows are those of the last.
            parameters: Values for `?` (a list) or `$name` (a dict).
            to: `pandas` or `polars` for a frame, or `arrow` for an Arrow table. The last two need packages of
                their own: `pyarrow`, and `polars` too.

        Raises:
            QuestionError: there is nothing to return, or a package is missing.
            WarehouseError: the file cannot be used.
            duckdb.Error: the query cannot be run.
        """
        _require(to)
        with self._open() as connection:
            result = connection.sql(sql, params=parameters)
            if result is None:
                raise QuestionError("there are no rows to return: end with a query, such as SELECT 1")
            return result.df() if to == "pandas" else result.pl() if to == "polars" else result.to_arrow_table()

    def nearest(
        self,
        vector_name: str,
        embedding: "str | Numbers",
        k: int = 10,
        *,
        collections: Names | None = None,
        modalities: Names | None = None,
        since: Day | None = None,
        until: Day | None = None,
        among: Names | None = None,
    ) -> "pd.DataFrame":
        """Return the features nearest to an embedding or to another feature, the nearest first.

        Args:
            vector_name: The named vector to compare, such as `image`.
            embedding: A list or array of as many numbers as the named vector has, or the `feature_id` of a feature,
                which is then left out.
            k: How many to return at most.
            collections: Only those of these collections.
            modalities: Only those of these modalities.
            since: Only those of this partition and later ones.
            until: Only those of this partition and earlier ones.
            among: Only these features, by `feature_id`.

        Returns:
            The columns of the macro `mixpeek.nearest`. `similarity` is the cosine, from -1 to 1.

        Raises:
            QuestionError: an argument cannot be used.
            WarehouseError: the file cannot be used.
        """
        filters = Filters.of(collections, modalities, since, until, among)
        if isinstance(embedding, str):
            return self._found("similar", {"feature_id": embedding, "vector_name": vector_name}, count(k), filters)
        return self._found("nearest", {"vector_name": vector_name, "embedding": numbers(embedding)}, count(k), filters)

    def search(
        self,
        words: str,
        k: int = 10,
        *,
        by: Way = "meaning",
        vector_name: str = "multimodal",
        far: bool = False,
        collections: Names | None = None,
        modalities: Names | None = None,
        since: Day | None = None,
        until: Day | None = None,
        among: Names | None = None,
    ) -> "pd.DataFrame":
        """Find moments by words, the best first.

        Args:
            words: What to look for, such as "a lighthouse at night".
            k: How many to return at most.
            by: `meaning` asks the API which moments are nearest to the words, as `mixpeek-assets search` does; the
                local API is started for it where none is running. `words` finds these very words in what was said,
                read and described (`mixpeek.find_text`), and needs no API.
            vector_name: The named vector that is compared by meaning.
            far: Whether to return also what is only the nearest there is, and nothing like the words. The local API
                tells one from the other.
            collections: Only moments of these collections.
            modalities: Only moments of these modalities.
            since: Only moments of this partition and later ones.
            until: Only moments of this partition and earlier ones.
            among: Only these features, by `feature_id`.

        Returns:
            A row a moment: its score, the video, when and what it is, what made it a hit, and a link to its second.
            There are none where nothing is like the words.

        Raises:
            QuestionError: an argument cannot be used.
            SearchError: there are no words, or the API does not search for them: it refuses, or does not answer.
            WarehouseError: the file cannot be used.
        """
        words, filters = checked(words), Filters.of(collections, modalities, since, until, among)
        if by == "meaning":
            return self._moments(self._by_meaning(words, count(k), vector_name, filters, far=far))
        if by == "words":
            return self._by_words(words, count(k), filters)
        raise QuestionError(f"by={by!r} is no way to search: there are {_listed(get_args(Way))}")

    def _found(self, macro: str, subject: Mapping[str, Any], k: int, filters: Filters) -> "pd.DataFrame":
        """Call a macro: first what it is about, then by name what narrows it."""
        narrowing = {"k": k, **{name: value for name, value in asdict(filters).items() if value is not None}}
        arguments = [*(f"${name}" for name in subject), *(f"{name} := ${name}" for name in narrowing)]
        call = f"SELECT * FROM mixpeek.{macro}({', '.join(arguments)})"  # noqa: S608 - the names are ours
        with self._open() as connection:
            try:
                return connection.sql(call, params={**subject, **narrowing}).df()
            except duckdb.InvalidInputException as error:  # what the macro says of an argument
                raise QuestionError(str(error).removeprefix("Invalid Input Error: ")) from None

    def _moments(self, hits: Sequence[Hit]) -> "pd.DataFrame":
        with self._open() as connection:
            return connection.execute(SQL.text("found_moments"), {"hits": [asdict(hit) for hit in hits]}).df()

    def _by_words(self, words: str, k: int, filters: Filters) -> "pd.DataFrame":
        found = self._found("find_text", {"words": words}, k, filters)
        ids, scores = found["feature_id"], found["score"]
        hits = [Hit(rank, *scored, by_words=True) for rank, scored in enumerate(zip(ids, scores, strict=True), start=1)]
        moments = self._moments(hits)
        # What a long text says of the words, not how it begins.
        excerpts = dict(zip(ids, found["excerpt"], strict=True))
        return moments.assign(found=[excerpts[feature_id] for feature_id in moments["feature_id"]])

    def _by_meaning(self, words: str, k: int, vector_name: str, filters: Filters, *, far: bool) -> list[Hit]:
        """Ask the API, and keep what is in the file and passes the filters."""
        if k > MOST:
            raise QuestionError(f"k={k:,}: the API returns at most {MOST}")
        reply = self._asked(words, vector_name, filters, k)
        near, farther = split(reply)
        if farther and not near.found and not far:
            warnings.warn(f"nothing like it: the nearest {farther[0]} (far=True returns it)", stacklevel=3)
        hits = hits_of(reply if far else near, vector_name)
        with self._open() as connection:
            ids = [hit.feature_id for hit in hits]
            passes = dict(SQL.run(connection, "filtered_features", ids=ids, **asdict(filters)).fetchall())
        kept = [hit for hit in hits if passes.get(hit.feature_id)][:k]
        if missing := len(hits) - len(passes):
            warnings.warn(f"{missing} of {len(hits)} hits are not in {self.warehouse.name}", stacklevel=3)
        if len(kept) < k and len(hits) == MOST:
            warnings.warn(f"only {len(kept)} of the {MOST} hits of the API pass the filters", stacklevel=3)
        return kept

    def _asked(self, words: str, vector_name: str, filters: Filters, k: int) -> SearchReply:
        with self._open() as connection:
            known = known_collections(connection)
        if not known:
            raise QuestionError(f"{self.warehouse.name} has no videos yet: `mixpeek-assets run` ingests some")
        collections = known if filters.collections is None else filters.collections
        if unknown := [name for name in collections if name not in known]:
            raise QuestionError(f"there is no collection {unknown[0]!r}: there are {_listed(known)}")
        if not collections:
            return SearchReply()
        # The API knows collections, and one modality; of what else narrows the search it knows nothing.
        modality = filters.modalities[0] if filters.modalities and len(filters.modalities) == 1 else None
        is_all = filters == replace(filters, modalities=modality and [modality], since=None, until=None, among=None)
        limit = k if is_all else MOST
        try:
            with local_api(self.settings), open_client(self.settings, POLICY) as client:
                return find(client, words, collections, modality=modality, index=vector_name, limit=limit)
        except UserError as error:
            raise SearchError(f'{error} (`by="words"` needs no API)') from error

    @contextmanager
    def _open(self) -> Generator[duckdb.DuckDBPyConnection]:
        with self.warehouse.published() as connection:
            yield connection


def connect(warehouse: str | Path | None = None) -> ReadOnlyWarehouse:
    """Return the warehouse for queries.

    Args:
        warehouse: The DuckDB file; by default that of the settings (`MIXPEEK_WAREHOUSE`, `MIXPEEK_DATA_DIR`).

    Raises:
        SettingsError: a setting cannot be used.
        WarehouseError: the file does not exist.
    """
    path = None if warehouse is None else Path(warehouse).expanduser().absolute()
    settings = load_settings()
    opened = open_warehouse(settings, path=path)
    if not opened.exists():
        raise WarehouseError(f"there is no {opened.kind} {opened.name}: run the pipeline first, or name another file")
    if path is not None and opened.published_file is None:
        opened.publisher = None  # Somebody's copy: nothing is published of it.
    return ReadOnlyWarehouse(opened, settings)


def _require(kind: Kind) -> None:
    if kind not in _NEEDED:
        raise QuestionError(f"to={kind!r} is no kind of result: there are {_listed(_NEEDED)}")
    if missing := [package for package in _NEEDED[kind] if find_spec(package) is None]:
        raise QuestionError(f"to={kind!r} needs {' and '.join(missing)}: `pip install {' '.join(missing)}` installs it")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
