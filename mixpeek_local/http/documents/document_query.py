"""What the query of a request about documents may say; the body says the same, and comes first."""

from typing import Annotated, TypeVar

import orjson
from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from mixpeek_local.http.documents.document_requests import ListDocuments
from mixpeek_local.http.replies import invalid

L = TypeVar("L", bound=ListDocuments)


def _asked(
    return_vectors: bool | None = None,
    return_vector_names: Annotated[
        str | None, Query(max_length=10_000, description="`true` for their names alone, or some names with commas")
    ] = None,
    return_presigned_urls: bool | None = None,
    filters: Annotated[str | None, Query(max_length=100_000, description="JSON")] = None,
    sort: Annotated[str | None, Query(max_length=1_000, description="JSON, or `field:direction`")] = None,
    search: Annotated[str | None, Query(max_length=8_192)] = None,
) -> ListDocuments:
    names = return_vector_names and return_vector_names.split(",")
    given = {
        "return_vectors": return_vectors,
        "return_vector_names": {"true": True, "false": False}.get((return_vector_names or "").lower(), names),
        "return_presigned_urls": return_presigned_urls,
        "filters": _parsed("filters", filters),
        "sort": _parsed("sort", sort),
        "search": search,
    }
    try:
        return ListDocuments.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as failure:
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in failure.errors()]) from None


QueryAsked = Annotated[ListDocuments, Depends(_asked)]
"""What the query asks for."""


def with_query(body: L, query: ListDocuments) -> L:
    """The body, and for what it leaves open the query. Either may ask for vectors."""
    update = {name: getattr(query, name) for name in query.model_fields_set if getattr(body, name) in (None, False)}
    return body.model_copy(update=update)


def _parsed(name: str, text: str | None) -> object:
    if text is None:
        return None
    if name == "sort" and not text.startswith("{"):
        field, _, direction = text.partition(":")
        return {"field": field, "direction": direction or "asc"}
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise invalid(["query", name], "this is not JSON", "json_invalid_query") from None
