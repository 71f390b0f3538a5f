"""TensorFlow.js's tf.layers.gru in Node.js, on its JavaScript CPU backend.

The packages @tensorflow/tfjs-core, tfjs-layers and tfjs-backend-cpu are looked for where
NODE_PATH says.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

SCRIPT = Path(__file__).with_suffix(".cjs")


def _node(request: dict[str, Any]) -> Any:
    text = json.dumps(request, default=np.ndarray.tolist)
    done = subprocess.run(
        ["node", str(SCRIPT)], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"node: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


VERSION = f"@tensorflow/tfjs-layers {_node({'version': True})}"


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of Keras's arrays, which ``setWeights`` takes in this order."""
    bias = {"bias": (3 * units,)} if arguments["use_bias"] else {}
    return {"kernel": (features, 3 * units), "recurrent_kernel": (units, 3 * units), **bias}


def run(layout: dict[str, Any], x: np.ndarray, initial_state: np.ndarray | None) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    found = _node({"layout": layout, "x": x, "initial_state": initial_state})
    output, state = (np.array(array, x.dtype) for array in found)
    return output, state
