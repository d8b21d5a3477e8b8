"""Parquet files, in a folder or a bucket: a dataset for everything else, partitioned by day and named vector."""

import shutil
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from mixpeek_assets.sinks.errors import SinkError
from mixpeek_assets.sinks.parquet_file import FileOfDay
from mixpeek_assets.sinks.places import Place, endpoint, region
from mixpeek_assets.sinks.port import NamedVector, Replaced
from mixpeek_assets.sql_files import identifier_part

MARK = "_mixpeek_assets"
"""The folder that says whose the dataset is: readers leave out what begins with `_`."""

_ABOUT = b"mixpeek_assets keeps these files: it replaces and removes files whose names begin with `collection`.\n"
_ESCAPED = set("\"#%'*/:=?\\{[]^\x7f") | {chr(code) for code in range(32)}
"""What Spark escapes in the name of a partition's folder, and every reader knows."""

_LONGEST = 240
"""Bytes of a folder's name, of 255."""


class ParquetFiles:
    """A dataset that is kept a copy of the vectors: a file a day, named vector and collection.

    That a file has one collection, whatever `only` is, keeps code locations apart, and lets `only` change.

    Args:
        place: A folder, or `s3://bucket/prefix`.
        only: The collection whose rows these are; None: all.
    """

    name = "parquet"

    def __init__(self, place: str, only: str | None) -> None:
        self.place = place
        self._place = Place(place, "MIXPEEK_SINK_PARQUET")
        self._only = only
        self._root = place.removeprefix("s3://")

    def prepare(self, named_vectors: Sequence[NamedVector]) -> None:
        """Mark the folder as ours.

        Raises:
            SinkError: it has files, and no such mark.
        """
        with self._place.errors():
            mark = f"{self._root}/{MARK}/about.txt"
            if self._files.get_file_info(mark).type != fs.FileType.NotFound:
                return
            there = self._files.get_file_info(fs.FileSelector(self._root, allow_not_found=True))
            theirs = sorted(one.base_name for one in there if one.base_name != MARK and one.base_name[:1] != ".")
            if theirs:
                raise SinkError(
                    f"{self.place} is not empty (there is {theirs[0]}), and its files are not of mixpeek_assets: set"
                    f" {self._place.variable} to an empty folder"
                )
            if not self._place.is_bucket:  # which has no folders
                self._files.create_dir(f"{self._root}/{MARK}")
            with self._files.open_output_stream(mark) as out:
                out.write(_ABOUT)

    def replace(self, day: date, batches: Iterable[pa.RecordBatch]) -> Replaced:
        """Make the files of a day hold these rows and no others; a file whose rows are the same is not written."""
        with self._place.errors(), self._unfinished() as folder, ExitStack() as open_:
            files: dict[str, FileOfDay] = {}
            for batch in batches:
                for path, rows in self._by_file(day, batch):
                    if path not in files:
                        written = folder / f"{len(files)}.parquet"
                        files[path] = open_.enter_context(FileOfDay(self._opened(path), written))
                    files[path].take(rows)
            done = [file.finish() for file in files.values()]
            for path, file in files.items():
                if file.is_written:
                    self._put(file.written, path)
            removed = sum(self._remove(path) for path in self._paths(day) if path not in files)
        return Replaced(
            written=sum(one.written for one in done),
            unchanged=sum(one.unchanged for one in done),
            removed=sum(one.removed for one in done) + removed,
        )

    def count(self, day: date) -> int:
        """Return how many rows the files of a day have."""
        with self._place.errors():
            return sum(self._rows(path) for path in self._paths(day))

    @cached_property
    def _files(self) -> fs.FileSystem:
        if not self._place.is_bucket:
            return fs.LocalFileSystem()
        return fs.S3FileSystem(
            region=region(),
            endpoint_override=endpoint(),
            connect_timeout=10,
            request_timeout=60,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
        )

    def _by_file(self, day: date, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
        kinds = list(zip(batch["vector_name"].to_pylist(), batch["collection"].to_pylist(), strict=True))
        distinct = dict.fromkeys(kinds)
        for kind in distinct:
            rows = batch if len(distinct) == 1 else batch.filter(pa.array([one == kind for one in kinds]))
            vector_name, collection = kind
            yield f"{self._folder(day)}/vector_name={_escaped(vector_name)}/{_file_name(collection)}", rows

    def _folder(self, day: date) -> str:
        return f"{self._root}/partition_date={day.isoformat()}"

    def _paths(self, day: date) -> list[str]:
        """Return the files of ours of a day, and of the collection."""
        found = self._files.get_file_info(fs.FileSelector(self._folder(day), allow_not_found=True, recursive=True))
        ours = [one.path for one in found if one.type == fs.FileType.File and one.base_name.startswith("collection")]
        return [path for path in ours if self._only is None or path.endswith(f"/{_file_name(self._only)}")]

    def _opened(self, path: str) -> pq.ParquetFile | None:
        if self._files.get_file_info(path).type == fs.FileType.NotFound:
            return None
        try:
            return pq.ParquetFile(self._files.open_input_file(path))
        except pa.ArrowInvalid:
            return None  # cut off, as by a power failure: it is written anew

    def _rows(self, path: str) -> int:
        file = self._opened(path)
        if file is None:
            return 0
        try:
            return file.metadata.num_rows
        finally:
            file.close(force=True)

    @contextmanager
    def _unfinished(self) -> Generator[Path]:
        """Make a folder for files that are being written; one that a kill left is emptied."""
        if self._place.is_bucket:
            with tempfile.TemporaryDirectory(prefix="mixpeek-") as folder:
                yield Path(folder)
            return
        # Beside the dataset, so that a file gets to its place by a rename.
        folder = Path(self._root, MARK, f"writing_{'all' if self._only is None else identifier_part(self._only)}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _put(self, written: Path, path: str) -> None:
        """Put a finished file in its place, at once: a reader sees it whole, or the one before."""
        if self._place.is_bucket:
            fs.copy_files(str(written), path, fs.LocalFileSystem(), self._files)
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            written.replace(path)

    def _remove(self, path: str) -> int:
        rows = self._rows(path)
        self._files.delete_file(path)
        return rows


def _escaped(vector_name: str) -> str:
    """Return a named vector as the name of its folder has it; one that is too long is cut, and gets a hash."""
    escaped = "".join(f"%{ord(one):02X}" if one in _ESCAPED else one for one in vector_name)
    return escaped if len(escaped.encode()) <= _LONGEST else identifier_part(vector_name)


def _file_name(collection: str | None) -> str:
    return "collection.parquet" if collection is None else f"collection_{identifier_part(collection)}.parquet"
