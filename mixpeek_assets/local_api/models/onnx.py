"""Running ONNX models."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def session(model: Path | bytes, threads: int) -> "InferenceSession":
    """Load a model for the CPU, where equal inputs give equal outputs.

    Args:
        model: Its file, or the file's content.
        threads: How many threads one run may use.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Only fatal errors: the warnings are about the models' own graphs.
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
