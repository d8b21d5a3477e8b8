"""Documents: lists with vectors, counts, reads by id, and their deletion."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from mixpeek_local.http.documents.chosen import chosen_collection, chosen_collections
from mixpeek_local.http.documents.document_page import DocumentLists
from mixpeek_local.http.documents.document_query import QueryAsked, with_query
from mixpeek_local.http.documents.document_replies import BatchDeleted, Count, Deleted, Document, DocumentList, Some
from mixpeek_local.http.documents.document_requests import (
    DeleteDocuments,
    GetDocuments,
    ListDocuments,
    ListNamespaceDocuments,
)
from mixpeek_local.http.documents.envelope import bad_request, not_found
from mixpeek_local.http.documents.namespace import DocumentsNamespace
from mixpeek_local.http.documents.paging import SliceAsked
from mixpeek_local.http.documents.route import DocumentsRoute
from mixpeek_local.http.replies import JSON
from mixpeek_local.store.documents.collections import Collection, collections
from mixpeek_local.store.documents.documents import Documents, delete_documents
from mixpeek_local.store.documents.namespaces import Namespace
from mixpeek_local.store.store import Store

_FOLDER = "/collections/{collection_id}/documents"


def router(store: Store) -> APIRouter:
    """Routes about documents; ids of collections may be their names."""
    routes = APIRouter(tags=["documents"], route_class=DocumentsRoute)

    def one(namespace: Namespace, collection_id: str) -> Collection:
        return chosen_collection(store, namespace, collection_id)

    def documents(found: Collection) -> Documents:
        return Documents(store.database, [found.collection_id])

    @routes.post(f"{_FOLDER}/list", response_model=DocumentList)
    def list_documents(
        collection_id: str,
        namespace: DocumentsNamespace,
        page: SliceAsked,
        query: QueryAsked,
        request: ListDocuments | None = None,
    ) -> Response:
        """List documents in the order in which they were stored, on request with their vectors."""
        asked = with_query(request or ListDocuments(), query)
        lists = DocumentLists(store, [one(namespace, collection_id)])
        return JSON(lists.page(asked, page.or_body(request)))

    @routes.get(_FOLDER, response_model=DocumentList)
    def get_documents(
        collection_id: str, namespace: DocumentsNamespace, page: SliceAsked, query: QueryAsked
    ) -> Response:
        """List documents as `POST …/documents/list` does; filters and sort are JSON in the query."""
        lists = DocumentLists(store, [one(namespace, collection_id)])
        return JSON(lists.page(query, page))

    @routes.post("/documents/list", response_model=DocumentList)
    def list_namespace_documents(
        namespace: DocumentsNamespace,
        page: SliceAsked,
        query: QueryAsked,
        request: ListNamespaceDocuments | None = None,
    ) -> Response:
        """List the documents of several collections, or of all in the namespace."""
        asked = request or ListNamespaceDocuments()
        chosen, unknown = chosen_collections(store, namespace, asked.collection_ids)
        reply = DocumentLists(store, chosen).page(with_query(asked, query), page.or_body(request))
        return JSON(reply | {"unknown_collection_ids": unknown} if unknown else reply)

    @routes.post("/documents/batch-get", response_model=Some)
    def get_some(request: GetDocuments, namespace: DocumentsNamespace) -> Response:
        """Return documents by their ids, without vectors."""
        every = collections(store.database, namespace.namespace_id)
        found = Documents(store.database, [one.collection_id for one in every]).named(request.document_ids)
        there = [name for name in dict.fromkeys(request.document_ids) if name in found]
        bodies = DocumentLists(store, every).written((found[name] for name in there), ListDocuments())
        return JSON({"documents": bodies, "not_found": [name for name in request.document_ids if name not in found]})

    @routes.get(f"{_FOLDER}/count", response_model=Count)
    def count(collection_id: str, namespace: DocumentsNamespace) -> Response:
        """Count the documents of a collection."""
        found = one(namespace, collection_id)
        return JSON({"collection_id": found.collection_id, "count": documents(found).count()})

    @routes.delete(f"{_FOLDER}/batch", response_model=BatchDeleted)
    def delete_some(collection_id: str, namespace: DocumentsNamespace, request: DeleteDocuments) -> Response:
        """Delete documents by their ids or by filters; the deletion is done when the reply comes."""
        found = one(namespace, collection_id)
        if (request.document_ids is None) == (request.filters is None):
            raise bad_request("give document_ids or filters, and not both")
        if request.document_ids is None:
            hits = DocumentLists(store, [found]).matching(request.filters)
            return JSON(_deleted(delete_documents(store, [row for row, _ in hits]), []))
        rows = documents(found).named(request.document_ids)
        deleted = delete_documents(store, list(rows.values()))
        return JSON(_deleted(deleted, [_result(name, name in rows) for name in dict.fromkeys(request.document_ids)]))

    @routes.get(_FOLDER + "/{document_id}", response_model=Document)
    def get_document(
        collection_id: str, document_id: str, namespace: DocumentsNamespace, query: QueryAsked
    ) -> Response:
        """Return a document, on request with its vectors."""
        found = one(namespace, collection_id)
        row = documents(found).named([document_id]).get(document_id)
        if row is None:
            raise not_found("document", document_id)
        return JSON(DocumentLists(store, [found]).written([row], query)[0])

    @routes.delete(_FOLDER + "/{document_id}", response_model=Deleted)
    def delete(collection_id: str, document_id: str, namespace: DocumentsNamespace) -> Response:
        """Delete a document with its vectors and its thumbnail."""
        rows = documents(one(namespace, collection_id)).named([document_id])
        if not rows:
            raise not_found("document", document_id)
        delete_documents(store, list(rows.values()))
        return JSON({"message": f"Document {document_id} has been deleted", "success": True})

    return routes


def _result(document_id: str, deleted: bool) -> dict[str, Any]:
    return {"document_id": document_id, "success": deleted, "error": None if deleted else "there is no such document"}


def _deleted(count: int, results: list[dict[str, Any]]) -> dict[str, Any]:
    failed = sum(not one["success"] for one in results)
    return {
        "deleted_count": count,
        "failed_count": failed,
        "results": results,
        "task_id": None,
        "status": None,
        "message": "Batch delete completed",
    }
