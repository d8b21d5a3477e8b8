"""The rows that every sink is sent: a row is one named vector of a feature, with its moment and its video."""

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("feature_id", pa.string()),
        ("vector_name", pa.string()),
        ("embedding", pa.list_(pa.float32())),
        ("sparse", pa.struct([("indices", pa.list_(pa.int32())), ("values", pa.list_(pa.float32()))])),
        ("dimensions", pa.int32()),
        ("partition_date", pa.date32()),
        ("collection", pa.string()),
        ("video_id", pa.string()),
        ("url", pa.string()),
        ("asset_id", pa.string()),
        ("modality", pa.string()),
        # Seconds from the start of the video.
        ("start_time", pa.float64()),
        ("end_time", pa.float64()),
        ("text", pa.string()),
        ("transcription", pa.string()),
        ("description", pa.string()),
        # JSON, as text.
        ("metadata", pa.string()),
        ("video_metadata", pa.string()),
        # A hash of all else: a store that keeps it need not be sent what it holds.
        ("digest", pa.int64()),
    ]
)
"""`embedding` is null where the vector is `sparse`, and the other way round. `loaded_at` is not among the columns: a
day that is fetched again with the same content is unchanged."""

KEY = ("feature_id", "vector_name")
