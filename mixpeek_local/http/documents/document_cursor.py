"""Cursors of lists of documents: opaque to callers, and of unlimited depth."""

import base64
import binascii
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mixpeek_local.http.documents.document_requests import Partition
from mixpeek_local.http.documents.envelope import bad_request

_Whole = Annotated[int, Field(ge=0, lt=1 << 62)]


class DocumentCursor(BaseModel):
    """Where a page ended.

    Attributes:
        after: The row number of its last document; new documents get higher ones, so they shift nothing.
        passed: Of a sorted list: how many documents came before the page's end.
        partition: The part of the list that the page is from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: _Whole = 0
    passed: _Whole = 0
    partition: Partition | None = None

    def text(self) -> str:
        """What a caller gets."""
        return base64.urlsafe_b64encode(self.model_dump_json(exclude_defaults=True).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what a caller sends back; 400 if it did not come from here."""
        try:
            padded = f"{text}{'=' * (-len(text) % 4)}"
            return cls.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValidationError, binascii.Error, ValueError):
            raise bad_request("the cursor is not one of this server") from None
