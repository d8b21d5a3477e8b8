"""Running ONNX models."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def session(
    model: Path | bytes, threads: int, weights: Path | None = None, *, repack: bool = True, precise: bool = False
) -> "InferenceSession":
    """Load a model on the CPU, where equal inputs give equal outputs.

    Args:
        model: Its file, or the file's content.
        threads: How many threads one run may use.
        weights: The folder of the file with the weights, if the content has none.
        repack: Keep a second copy of the weights, in an order that may be faster.
        precise: Multiply 8-bit numbers without overflow also on x86 processors that lack VNNI, in twice the time.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Only fatal errors: the warnings are about the models' own graphs.
    options.log_severity_level = 3
    # An arena keeps the most that each size of picture ever took: 80 MB more for the text reader, and no faster.
    options.enable_cpu_mem_arena = False
    if not repack:
        options.add_session_config_entry("session.disable_prepacking", "1")
    if precise:
        options.add_session_config_entry("session.x64quantprecision", "1")
    if weights is not None:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights))
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def output(name: bytes) -> bytes:
    """Bytes that, appended to an ONNX file, make a node of its graph an output too.

    Concatenated protocol buffers are merged, and their lists joined. Field 7 of an ONNX model is its graph,
    field 12 of a graph an output, field 1 of that its name (onnx.proto).
    """
    return _field(7, _field(12, _field(1, name)))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content
