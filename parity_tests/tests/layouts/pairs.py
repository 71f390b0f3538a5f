"""What every layout is tried on, and what it has no place for."""

from __future__ import annotations

from typing import Any

import numpy as np

from gru_ref import GRUConfig, GRUWeights, layouts
from parity_tests.tests.support.arrays import check_same_arrays

FEATURES, UNITS = 4, 5
ALL = tuple(layouts.LAYOUTS)
MERGES = {"openvino", "flax_linen", "flax_nnx", "mlx"}  # add the bias rows of z and r
ALWAYS_A_BIAS = {"openvino", "cudnn", "cudnn_gru", "flax_linen", "flax_nnx", "haiku", "rtneural"}

# What each layout has no place for: the parts that NotRepresentableError names.
REFUSED: dict[str, set[str]] = {
    "torch": {"reset_after False", "activation", "recurrent_activation"},
    "torch_cell": {"reset_after False", "activation", "recurrent_activation", "go_backwards"},
    "onnx": set(),
    "openvino": {"recurrent_activation"},
    "cudnn": {"reset_after False", "activation", "recurrent_activation", "go_backwards"},
    "cudnn_gru": {"reset_after False", "activation", "recurrent_activation"},
    "flax_linen": {"reset_after False", "recurrent_activation"},
    "flax_nnx": {"reset_after False", "recurrent_activation", "recurrent bias"},
    "haiku": {"reset_after True", "activation", "recurrent_activation", "go_backwards"},
    "mlx": {"reset_after False", "activation", "recurrent_activation", "go_backwards"},
    "coreml_neuralnetwork": {"reset_after True", "activation"},
    "coreml_mil": {"activation", "recurrent_activation"},
    "tfjs": {"reset_after True"},
    "rtneural": {"reset_after False", "activation", "recurrent_activation", "go_backwards"},
    "webnn": {"recurrent_activation"},
}


def pair(
    name: str, *, sizes: tuple[int, int] = (FEATURES, UNITS), **arguments: Any
) -> tuple[GRUWeights, GRUConfig]:
    """Return random weights and a config that the layout can represent, but for `arguments`."""
    features, units = sizes
    given = {"reset_after": "reset_after True" not in REFUSED[name], **arguments}
    config = GRUConfig(units, **given)
    rng = np.random.default_rng(5)
    shapes = config.weight_shapes(features).values()
    arrays = [rng.normal(size=shape).astype(config.dtype) for shape in shapes]
    if config.use_bias and config.reset_after and "recurrent bias" in REFUSED[name]:
        arrays[2][1, 2 * units :] = 0
    return GRUWeights(*arrays), config


def same_arrays(actual: GRUWeights, expected: GRUWeights) -> None:
    """Check that two weights are equal bit for bit, in dtype and shape."""
    check_same_arrays(actual.arrays(), expected.arrays())


def same_layouts(actual: dict[str, Any], expected: dict[str, Any]) -> None:
    """Check that two layouts are equal bit for bit."""
    assert actual.keys() == expected.keys()
    for key, value in expected.items():
        several = isinstance(value, list)
        pairs = zip(actual[key], value, strict=True) if several else [(actual[key], value)]
        for one, other in pairs:
            assert np.asarray(one).dtype == np.asarray(other).dtype, key
            np.testing.assert_array_equal(one, other, err_msg=key)
