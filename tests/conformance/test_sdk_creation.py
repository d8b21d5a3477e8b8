"""What the vendor's Python SDK, at two versions, creates on the local API before it ingests anything."""

from tests.conformance.sdk import Sdk


def test_it_creates_a_namespace(sdk: Sdk) -> None:
    name = f"created-{sdk.version}"
    made = sdk("namespaces.create", namespace_name=name, **{sdk.names.indexes: ["image", "audio"]})
    assert made["namespace_name"] == name
    assert set(made[sdk.names.indexes]) == {"image", "audio"}
    assert sdk("namespaces.get", namespace=name) == made
    refused = sdk.answer("namespaces.create", namespace_name=name, **{sdk.names.indexes: ["image"]})
    assert refused.raised == "ErrorResponse"
    assert name in refused.error["error"]["message"]


def test_it_creates_a_collection_and_gives_it_another_name(sdk: Sdk) -> None:
    name = f"created {sdk.version}"
    made = sdk("collections.create", collection_name=name)
    assert made["collection_name"] == name
    assert sdk("collections.get", collection=name)["collection_id"] == made["collection_id"]
    renamed = sdk("collections.update", collection=name, collection_name=f"{name} again")
    assert renamed["collection_name"] == f"{name} again"
    assert sdk.answer("collections.get", collection=name).error["status"] == 404
    assert name not in [one["collection_name"] for one in sdk("collections.list", page_size=100)["results"]]
