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
    output, state = run_by_time(layout, x.swapaxes(0, 1), initial_state)
    return output.swapaxes(0, 1), state


def run_by_time(
    layout: dict[str, Any],
    x: np.ndarray,
    initial_state: np.ndarray | None,
    lengths: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return Y and Y_h without their axis of directions; x has its timesteps first."""
    arrays = {name: value for name, value in layout.items() if isinstance(value, np.ndarray)}
    attributes = {name: value for name, value in layout.items() if name not in arrays}
    feeds = {"X": np.ascontiguousarray(x)}
    if lengths is not None:
        feeds["sequence_lens"] = lengths.astype(np.int32)
    if initial_state is not None:
        feeds["initial_h"] = initial_state[np.newaxis]
    names = ("X", "W", "R", "B", "sequence_lens", "initial_h")
    inputs = [name if name in {*arrays, *feeds} else "" for name in names]
    kinds = {"sequence_lens": TensorProto.INT32}
    graph = helper.make_graph(
        [helper.make_node("GRU", inputs, ["Y", "Y_h"], **attributes)],
        "gru",
        [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), array.shape)
            for name, array in feeds.items()
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("Y", "Y_h")],
        [numpy_helper.from_array(np.array(array), name) for name, array in arrays.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    output, state = run_model(model, feeds)
    return output[:, 0], state[0]


def run_model(model: Any, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return the outputs of any model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, feeds))
