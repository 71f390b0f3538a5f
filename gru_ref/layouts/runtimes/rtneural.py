"""RTNeural's JSON: one entry of "layers"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.layouts.blocks import bias_rows
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, attribute, check_keys, floating, read_kernels

FACTS = Facts(
    name="rtneural",
    title="RTNeural JSON gru",
    gates=("z", "r", "h"),
    arrays={
        "type": "'gru'",
        "activation": "'tanh'",
        "shape": "[null, null, u]",
        "weights": "[kernel (f, 3u), recurrent_kernel (u, 3u), bias (2, 3u)]",
    },
    transposes="nothing",
    blocks="as Keras",
    bias="both rows, as Keras has them; always there",
    formula=(
        "z = σ(W_z x + U_z h + b_z)                     b_z, b_r: sum of both rows",
        "r = σ(W_r x + U_r h + b_r)",
        "c = tanh(W_h x + b_h0 + r ∘ (U_h h + b_h1))",
        "h' = (1 − z) ∘ c + z ∘ h",
    ),
    direction="none: it runs one sample at a time",
    round_trip="bit-exact, in float32 through JSON as well; use_bias=False comes back as zeros",
    source="RTNeural/gru/gru.tpp and models/gru_1d.json",
    mistakes=(
        (
            "reset after for before",
            "A layer with reset_after=False is exported with a second row of zeros.",
        ),
        ("recurrent bias dropped", "Only one bias row is written."),
    ),
)


def to_layout(given: Any) -> dict[str, Any]:
    """Return the entry; ``json.dumps(entry, default=lambda array: array.tolist())`` writes it.

    Returns
    -------
    dict
        type, activation, shape and weights: [kernel (f, 3u), recurrent_kernel (u, 3u),
        bias (2, 3u)], in the weights' dtype.

    Raises
    ------
    NotRepresentableError
        reset_after is False, go_backwards is True, or an activation is not tanh and sigmoid.
    """
    weights = conversion_input(given, FACTS.label, reset_after=True, backwards=False).weights
    arrays = (weights.kernel, weights.recurrent_kernel, np.stack(bias_rows(weights)))
    return {
        "type": "gru",
        "activation": "tanh",
        "shape": [None, None, weights.units],
        "weights": [array.copy() for array in arrays],
    }


def from_layout(mapping: Mapping[str, Any], *, dtype: Any = "float32") -> Read:
    """Read an entry, as ``json.loads`` returns it or as `to_layout` does.

    Parameters
    ----------
    mapping : mapping
    dtype : dtype
        Of the numbers that are lists; arrays keep theirs.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or attributes do not fit.
    """
    check_keys(mapping, tuple(FACTS.arrays))
    attribute(mapping, "type", ("gru",))
    attribute(mapping, "activation", ("tanh", ""))
    names = ("weights[0]", "weights[1]", "weights[2]")
    found = mapping["weights"]
    if len(found) != len(names):
        raise ValueError(f"weights is {shown(found)}, expected three arrays")
    named = {
        name: value if isinstance(value, np.ndarray) else np.array(value, dtype)
        for name, value in zip(names, found, strict=True)
    }
    kernels = read_kernels(named, (names[0], names[1]))
    units, columns = kernels[1].shape
    if list(mapping["shape"]) != [None, None, units]:
        raise ValueError(f"shape is {shown(mapping['shape'])}, expected [None, None, {units}]")
    weights = GRUWeights(*kernels, floating(named, names[2], 2, columns))
    return Read.from_weights(weights, reset_after=True)
