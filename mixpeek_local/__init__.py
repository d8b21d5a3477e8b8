"""The local Mixpeek: a server on this machine that speaks the API and really analyses videos."""

import os

# onnxruntime sends telemetry unless this is set before it is first imported; faster-whisper imports it too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
