"""The sources that trials draw from: GRUs as runtimes hold and compute them.

None is made from another, and none from gru_ref: what the trials call right is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity_tests.cases.doctor import keras_sources, runtime_sources
from parity_tests.cases.doctor.source import Maker

SOURCES: Mapping[str, Maker] = {
    "keras": keras_sources.keras,
    "keras_1": keras_sources.keras_1,
    "torch": runtime_sources.torch,
    "onnx": runtime_sources.onnx,
    "openvino": runtime_sources.openvino,
    "cudnn": runtime_sources.cudnn,
    "cudnn_gru": keras_sources.cudnn_gru,
    "flax_linen": runtime_sources.flax_linen,
    "flax_nnx": runtime_sources.flax_nnx,
    "mlx": runtime_sources.mlx,
    "haiku": runtime_sources.haiku,
    "coreml_mil": runtime_sources.coreml_mil,
    "coreml_nn": runtime_sources.coreml_nn,
    "tensorflow_1": runtime_sources.tensorflow_1,
    "webnn": runtime_sources.webnn,
}
# Sources whose activations may be others than sigmoid and tanh.
WITH_ACTIVATIONS = ("keras", "keras_1", "onnx")
