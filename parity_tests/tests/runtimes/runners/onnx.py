"""ONNX Runtime on a CPU, on a model that is one GRU node."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

VERSION = f"onnxruntime {onnxruntime.__version__}"
OPSET, IR_VERSION = 17, 8


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of the node's inputs, by its specification."""
    bias = {"B": (1, 6 * units)} if arguments["use_bias"] else {}
    return {"W": (1, 3 * units, features), "R": (1, 3 * units, units), **bias}


def run(layout: dict[str, Any], x: np.ndarray, initial_state: np.ndarray | None) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    arrays = {name: value for name, value in layout.items() if isinstance(value, np.ndarray)}
    attributes = {name: value for name, value in layout.items() if name not in arrays}
    feeds = {"X": x.swapaxes(0, 1)}
    if initial_state is not None:
        feeds["initial_h"] = initial_state[np.newaxis]
    inputs = ["X", "W", "R", "B" if "B" in layout else "", "", "initial_h"]
    node = helper.make_node(
        "GRU", inputs if "initial_h" in feeds else inputs[:4], ["Y", "Y_h"], **attributes
    )
    graph = helper.make_graph(
        [node],
        "gru",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in feeds.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("Y", "Y_h")],
        [numpy_helper.from_array(np.array(array), name) for name, array in arrays.items()],
    )
    output, state = run_model(
        helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        ),
        feeds,
    )
    return output[:, 0].swapaxes(0, 1), state[0]


def run_model(model: Any, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return the outputs of any model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, feeds))
