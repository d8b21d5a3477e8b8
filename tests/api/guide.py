"""The guide's own bodies (contract a), as it prints them."""

from typing import Any

SUBMITTED: dict[str, Any] = {
    "message": "Video URL processing queued",
    "task_id": "857056f8-1f0d-4cad-aa37-96757e12872e",
}

TASK: dict[str, Any] = {
    "asset_id": "60f391eb-b5ea-41cd-ba75-98d1bca25432",
    "task_id": "3f0189c2-2f49-4119-851d-56a5701436a9",
    "status": "DONE",
}

ASSET: dict[str, Any] = {
    "asset": {
        "asset_id": "60f391eb-b5ea-41cd-ba75-98d1bca25432",
        "collection_id": "example",
        "status": "DONE",
        "url": None,
        "metadata": {"asset": {}, "author": "user", "preview_url": None},
        "error": None,
        "modality": "text",
        "task_id": "3f0189c2-2f49-4119-851d-56a5701436a9",
        "unique_hash": None,
        "updated_at": "2024-11-07T14:31:56.428000",
        "created_at": "2024-11-07T14:31:55.473000",
        "score": None,
    },
    "features": {
        "video": [],
        "image": [],
        "text": [
            {
                "feature_id": "98b693c0-6fc1-4420-97bd-6c4506356230",
                "modality": "text",
                "asset_id": "60f391eb-b5ea-41cd-ba75-98d1bca25432",
                "collection_id": "example",
                "metadata": {"author": "user"},
                "text": "two people inside a car",
                "created_at": "2024-11-07T14:31:56.053031Z",
            }
        ],
        "audio": [],
    },
}

FEATURE: dict[str, Any] = {
    "created_at": "2024-11-06T18:19:43.340820Z",
    "asset_id": "cfa6c2a4-b695-4fc2-84df-868391b218e0",
    "metadata": {},
    "feature_id": "3086f1ee-62f1-49cf-b859-b553044aebed",
    "modality": "image",
    "vectors": {"multimodal": [-0.022097813, 0.021723306]},
}
