"""PyTorch and ONNX Runtime run rightly: what a port without a mistake returns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from gru_ref import layouts
from gru_ref.debugging.mistakes.table import Attempt

OPSET, IR_VERSION = 17, 8


def right(runtime: str, attempt: Attempt) -> np.ndarray:
    """Return what a port without a mistake returns; masks are none of its business."""
    output = in_input_order(runtime, attempt)
    return output[:, ::-1] if attempt.config.go_backwards else output


def in_input_order(runtime: str, attempt: Attempt, **attributes: Any) -> np.ndarray:
    """Return the runtime's own output, which both keep in the order of the input."""
    (call,) = attempt.calls
    layout = layout_of(runtime, attempt)
    if runtime == "torch":
        return run_torch(layout, call.x, call.initial_state)[0]
    by_time = call.x.swapaxes(0, 1)
    return run_onnx({**layout, **attributes}, by_time, call.initial_state).swapaxes(0, 1)


def layout_of(runtime: str, attempt: Attempt) -> dict[str, Any]:
    """Return the arrays and attributes of the runtime; zeros at masked timesteps are no part."""
    config = replace(attempt.config, zero_output_for_mask=False)
    return layouts.convert((attempt.weights, config), to=runtime)


def run_torch(
    layout: dict[str, Any], x: np.ndarray, start: np.ndarray | None, *, batch_first: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return the output of nn.GRU, of its backward half for weights that are named so."""
    backwards = any(name.endswith("_reverse") for name in layout)
    units = next(iter(layout.values())).shape[0] // 3
    module = torch.nn.GRU(
        x.shape[2],
        units,
        bias=any("bias" in name for name in layout),
        batch_first=batch_first,
        bidirectional=backwards,
    )
    arrays = {name: torch.from_numpy(np.array(array)) for name, array in layout.items()}
    module.load_state_dict({**module.state_dict(), **arrays})
    first = None if start is None else torch.from_numpy(np.stack([start] * (1 + backwards)))
    with torch.no_grad():
        output, state = module(torch.from_numpy(np.ascontiguousarray(x)), first)
    return output.numpy()[..., -units:], state.numpy()[-1]


def run_onnx(
    layout: dict[str, Any],
    x: np.ndarray,
    start: np.ndarray | None,
    lengths: np.ndarray | None = None,
) -> np.ndarray:
    """Return Y without its axis of directions; x has its timesteps first."""
    arrays = {name: value for name, value in layout.items() if isinstance(value, np.ndarray)}
    attributes = {name: value for name, value in layout.items() if name not in arrays}
    feeds = {"X": np.ascontiguousarray(x)}
    if lengths is not None:
        feeds["sequence_lens"] = lengths.astype(np.int32)
    if start is not None:
        feeds["initial_h"] = start[np.newaxis]
    inputs = [name if name in {*arrays, *feeds} else "" for name in ("X", "W", "R", "B")]
    inputs += [name if name in feeds else "" for name in ("sequence_lens", "initial_h")]
    kinds = {"sequence_lens": TensorProto.INT32}
    graph = helper.make_graph(
        [helper.make_node("GRU", inputs, ["Y"], **attributes)],
        "gru",
        [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), array.shape)
            for name, array in feeds.items()
        ],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array(array), name) for name, array in arrays.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)[0][:, 0]
