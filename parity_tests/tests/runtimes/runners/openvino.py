"""OpenVINO on a CPU, in float32, on a model that is one GRUSequence."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino
from openvino import opset13 as ops

VERSION = f"openvino {openvino.__version__.partition('-')[0]}"


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of the operation's inputs, by its specification."""
    rows = 4 if arguments["reset_after"] else 3
    return {
        "W": (1, 3 * units, features),
        "R": (1, 3 * units, units),
        "B": (1, rows * units),
    }


def run(layout: dict[str, Any], x: np.ndarray, initial_state: np.ndarray | None) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    batch, timesteps = x.shape[:2]
    units = layout["hidden_size"]
    start = np.zeros((batch, units), x.dtype) if initial_state is None else initial_state
    data = ops.parameter(list(x.shape), np.float32)
    sequence = ops.gru_sequence(
        data,
        ops.constant(start[:, np.newaxis]),
        ops.constant(np.full(batch, timesteps, np.int64)),
        ops.constant(layout["W"]),
        ops.constant(layout["R"]),
        ops.constant(layout["B"]),
        units,
        layout["direction"],
        layout["activations"],
        [],
        [],
        0.0,
        layout["linear_before_reset"],
    )
    model = openvino.Model([sequence.output(0), sequence.output(1)], [data])
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    output, state = (compiled([x])[port] for port in compiled.outputs)
    return output[:, 0].copy(), state[:, 0].copy()
