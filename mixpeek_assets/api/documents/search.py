"""Search in the style `documents` (today's contract, 7)."""

from collections.abc import Iterable, Mapping, Sequence

from mixpeek_assets.api.documents.calls import Calls
from mixpeek_assets.api.documents.records import feature_row
from mixpeek_assets.api.documents.site import Site
from mixpeek_assets.api.errors import NotFoundError, PermanentError, WrongEndpointError
from mixpeek_assets.api.port import FoundFeature, Problem, SearchReply
from mixpeek_assets.api.values import excerpt, number, numbers, text
from mixpeek_assets.strict_json import JsonObject, is_list, is_object


def search(
    calls: Calls, sites: Mapping[str, Site], words: str, *, index: str, modality: str | None, limit: int
) -> SearchReply:
    """Find the documents nearest to some words; an API without `/features/search` executes a retriever.

    Raises:
        PermanentError: no collection has such a vector.
        MixpeekError: the API does not search.
    """
    uri = _uri(sites.values(), index)
    collections = [site.collection_id for site in sites.values()]
    filters = None
    if modality is not None:
        filters = {"AND": [{"field": "_internal.modality", "operator": "eq", "value": modality}]}
    body: JsonObject = {
        "collection_identifiers": collections,
        "query": {"input_mode": "text", "text": words},
        "feature_uri": uri,
        "top_k": limit,
    }
    try:
        reply = calls.post("/features/search", body | ({"filters": filters} if filters else {}), category="search")
    except (NotFoundError, WrongEndpointError):
        reply = calls.post(
            "/retrievers/execute", _retriever(collections, words, uri, filters, limit), category="search"
        )
    return _read(reply)


def _uri(sites: Iterable[Site], index: str) -> str:
    """Return what the API names a vector by; a part of one of its names will do."""
    indexes = [one for site in sites for one in site.indexes if one.feature_uri]
    # The shortest: every name of an extractor's vectors may begin with the extractor's.
    alike = [(len(name), one.feature_uri) for one in indexes for name in one.names if index in name and one.feature_uri]
    if alike:
        return min(alike)[1]
    known = sorted({name for one in indexes for name in one.names})
    raise PermanentError("POST /features/search", f"no vector is named {index}; there are {', '.join(known) or 'none'}")


def _retriever(collections: Sequence[str], words: str, uri: str, filters: JsonObject | None, limit: int) -> JsonObject:
    one = {"feature_uri": uri, "query": {"input_mode": "text", "value": words}, "top_k": limit}
    parameters: JsonObject = {"searches": [one], "final_top_k": limit}
    if filters:
        one["filters"] = filters
    stage = {
        "stage_name": "search",
        "stage_type": "filter",
        "config": {"stage_id": "feature_search", "parameters": parameters},
    }
    return {"collection_identifiers": list(collections), "stages": [stage], "inputs": {}, "limit": limit}


def _read(body: JsonObject) -> SearchReply:
    reply = SearchReply(floors=numbers(body.get("score_floors")))
    results = body.get("documents", body.get("results"))
    if not is_list(results):
        reply.problems.append(Problem(None, "the reply holds no list of documents", excerpt(body)))
        return reply
    if text(body.get("status")) in ("failed", "degraded"):
        said = text(body.get("error")) or excerpt(body.get("warnings"))
        reply.problems.append(Problem(None, f"the search is {body['status']}, so hits may be missing", said))
    for item in results:
        document = item if is_object(item) else {}
        payload = document.get("payload")
        document = {**(payload if is_object(payload) else {}), **document}
        document_id = text(document.get("document_id"))
        if document_id is None:
            reply.problems.append(Problem(None, "a result has no document_id", excerpt(item)))
        else:
            row = feature_row(document, document_id)
            reply.found.append(FoundFeature(document_id, number(document.get("score")), row))
    return reply
