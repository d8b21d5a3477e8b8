"""Pages of documents with their vectors, as today's API lists them, put together from ready-made bytes.

A page of 100 documents with embeddings of 1,408 and 1,024 floats is some 3 MB; it costs the server one copy.
"""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from benchmarks.pipeline.ready_vectors import MANY, ready_vectors

MULTIMODAL = "multimodal_extractor_v1_multimodal_embedding"
TRANSCRIPTION = "multimodal_extractor_v1_transcription_embedding"

_ROW = (
    '{"document_id":"doc_%s_%d","collection_id":"col_1","video_key":"%s","start_time":%d.0,"end_time":%d.0,'
    '"transcription":"words %d","_internal":{"created_at":"2026-10-24T09:30:00.125000Z","modality":"video",'
    '"mime_type":"video/mp4","lineage":{"root_object_id":"obj_%s","root_bucket_id":"bkt_1","source_type":"bucket"}}'
)
_PAGINATION = '],"pagination":{"total":null,"page":null,"page_size":%d,"next_cursor":%s},"total_documents":null}'
OBJECT = "obj_"


class DocumentPages:
    """The documents of any videos that are asked for: so many each, in the order in which they are named.

    Args:
        a_video: How many documents a video has.
        dimensions: Of the multimodal embedding, and of the transcription's.
    """

    def __init__(self, a_video: int = 36, dimensions: tuple[int, int] = (1408, 1024)) -> None:
        self.a_video = a_video
        multimodal, transcription = (ready_vectors(length) for length in dimensions)
        self._vectors = [
            b',"%s":%s,"%s":%s}' % (MULTIMODAL.encode(), one, TRANSCRIPTION.encode(), other)
            for one, other in zip(multimodal, transcription, strict=True)
        ]

    def listed(self, body: dict[str, Any], everything: Sequence[str] = ()) -> bytes:
        """Return the page that a body of `documents/list` asks for.

        Args:
            body: `filters` with one list of video_keys or of object ids, `cursor`, `limit`, `return_vectors`.
            everything: The video_keys there are, for a body without filters.
        """
        keys = _asked_for(body) if body.get("filters") else everything
        limit = body.get("limit") or body.get("page_size") or 10
        return self.page(keys, int(body.get("cursor") or 0), limit, vectors=bool(body.get("return_vectors")))

    def page(self, keys: Sequence[str], first: int, limit: int, *, vectors: bool = True) -> bytes:
        """Return a page of the documents of these videos, from the `first` one on."""
        end = min(first + limit, len(keys) * self.a_video)
        pieces = [b'{"results":[']
        for number in range(first, end):
            key, place = keys[number // self.a_video], number % self.a_video
            row = _ROW % (key, place, key, place * 10, place * 10 + 10, place, key)
            pieces.append(row.encode())
            pieces.append(self._vectors[(crc32(key.encode()) + place) % MANY] if vectors else b"}")
            pieces.append(b",")
        if end > first:
            pieces.pop()
        cursor = f'"{end}"' if end < len(keys) * self.a_video else "null"
        pieces.append((_PAGINATION % (limit, cursor)).encode())
        return b"".join(pieces)


def _asked_for(body: dict[str, Any]) -> list[str]:
    """Return the video_keys of the filter, which has one condition."""
    filters: dict[str, Any] = body["filters"]
    condition = filters["AND"][0] if "AND" in filters else None
    value = condition["value"] if condition else next(iter(filters.values()))
    names: list[str] = value if isinstance(value, list) else [value]
    return [name.removeprefix(OBJECT) for name in names]
