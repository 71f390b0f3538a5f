"""`gru_ref.diagnose` finds the layouts of PyTorch and ONNX Runtime from what they return."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from gru_ref.debugging.doctor import Diagnosis, Reading, diagnose
from parity_tests.tests.runtimes.runners import onnx

# batch, timesteps, features, units
SIZES = ((4, 20, 16, 32), (1, 40, 8, 64))


def _only(found: Diagnosis) -> Reading:
    assert found.verdict == "unique", str(found)
    return found.explanations[0].readings[0]


@pytest.mark.parametrize(
    ("sizes", "dtype", "bias", "last"),
    list(
        itertools.product(
            SIZES,
            (torch.float64, torch.float32, torch.float16, torch.bfloat16),
            (True, False),
            (True, False),
        )
    ),
)
def test_torch_is_found(sizes: Any, dtype: Any, bias: bool, last: bool) -> None:
    batch, timesteps, features, units = sizes
    torch.manual_seed(0)
    gru = torch.nn.GRU(features, units, bias=bias, batch_first=True, bidirectional=True)
    for parameter in gru.parameters():
        torch.nn.init.normal_(parameter, std=0.5 if parameter.ndim == 1 else units**-0.5)
    gru = gru.to(dtype)
    x = torch.randn(batch, timesteps, features).to(dtype)
    with torch.no_grad():
        output, state = gru(x)
    for reverse in (False, True):
        arrays = {
            name: value.double().numpy()
            for name, value in gru.state_dict().items()
            if name.endswith("_reverse") == reverse
        }
        half = output[..., units:] if reverse else output[..., :units]
        outputs = state[int(reverse)] if last else half
        reading = _only(diagnose(arrays, x.double().numpy(), outputs.double().numpy()))
        assert (reading.gates, reading.reset_after) == ("rzh", True)
        assert (reading.direction == "backward") == reverse
        assert last or (reading.output == "as the input") == reverse


@pytest.mark.parametrize(
    ("sizes", "linear_before_reset", "direction", "bias", "last"),
    list(itertools.product(SIZES, (0, 1), ("forward", "reverse"), (True, False), (True, False))),
)
def test_onnxruntime_is_found(
    sizes: Any, linear_before_reset: int, direction: str, bias: bool, last: bool
) -> None:
    batch, timesteps, features, units = sizes
    rng = np.random.default_rng(0)
    shapes = {"W": (1, 3 * units, features), "R": (1, 3 * units, units)}
    if bias:
        shapes["B"] = (1, 6 * units)
    arrays = {
        name: rng.normal(scale=units**-0.5, size=shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    attributes = {
        "linear_before_reset": linear_before_reset,
        "direction": direction,
        "activations": ["HardSigmoid", "Tanh"],
        "hidden_size": units,
    }
    x = rng.normal(size=(batch, timesteps, features)).astype(np.float32)
    output, state = onnx.run({**arrays, **attributes}, x, None)
    reading = _only(diagnose(arrays, x, state if last else output))
    assert (reading.gates, reading.reset_after) == ("zrh", bool(linear_before_reset))
    assert reading.recurrent_activation == "hard_sigmoid of Keras 2"
    assert (reading.direction == "backward") == (direction == "reverse")
