"""Keras GRU weights in the layouts of other runtimes, and back.

`LAYOUTS` has a module for each runtime: its `Facts`, ``to_layout`` and ``from_layout``. A layout is
a dict of arrays and attributes under the runtime's own names. Weights, bias, activations, reset
form and direction are part of it; how a layer is called (return_sequences, return_state, stateful,
time_major, masks) and what acts in training alone (dropout, regularizers, constraints) is not.

What a runtime cannot represent raises `gru_ref.NotRepresentableError` before anything is returned.

Examples
--------
>>> from gru_ref import GRU, layouts
>>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="ones")
>>> layer.build((None, None, 3))
>>> state_dict = layouts.convert(layer, to="torch")
>>> {name: array.shape for name, array in state_dict.items()}["weight_ih_l0"]
(6, 3)
>>> sorted(layouts.convert(state_dict, to="mlx", origin="torch"))
['Wh', 'Wx', 'b', 'bhn']
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gru_ref.errors import shown
from gru_ref.layouts.facts import Facts, Layout
from gru_ref.layouts.names import suggestion
from gru_ref.layouts.reading import Array, Read
from gru_ref.layouts.runtimes import (
    coreml_mil,
    coreml_neuralnetwork,
    cudnn,
    cudnn_gru,
    flax_linen,
    flax_nnx,
    haiku,
    mlx,
    onnx,
    openvino,
    rtneural,
    tfjs,
    torch,
    torch_cell,
    webnn,
)
from gru_ref.submodules import attach

__all__ = ["LAYOUTS", "Facts", "Layout", "Read", "arrays_of", "convert", "layout"]

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)

_MODULES: tuple[Layout, ...] = (
    torch, torch_cell, onnx, openvino, cudnn, cudnn_gru, flax_linen, flax_nnx, haiku, mlx,
    coreml_neuralnetwork, coreml_mil, tfjs, rtneural, webnn,
)  # fmt: skip
LAYOUTS: Mapping[str, Layout] = {module.FACTS.name: module for module in _MODULES}


def layout(name: str) -> Layout:
    """Return the module of a runtime.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    if name not in LAYOUTS:
        raise ValueError(
            f"layout is {shown(name)}, expected one of {', '.join(LAYOUTS)}"
            f"{suggestion(name, LAYOUTS)}"
        )
    return LAYOUTS[name]


def convert(given: Any, *, to: str, origin: str | None = None, **options: Any) -> dict[str, Any]:
    """Convert a layer, or weights in one layout, to another layout.

    Parameters
    ----------
    given : GRU, or (weights, config), or a mapping in the layout `origin`
    to : str
        A name of `LAYOUTS`.
    origin : str, optional
        The layout that `given` is in; by default it is a layer or a pair.
    **options
        For ``to_layout`` of the target, as prefix for torch.

    Returns
    -------
    dict
        Arrays and attributes under the runtime's names.

    Raises
    ------
    NotRepresentableError
        The target cannot represent a part of it.
    TypeError, ValueError
        `given` does not fit, or a name is unknown.
    """
    target = layout(to)
    if origin is not None:
        read = layout(origin).from_layout(given)
        given = read.weights, read.config()
    return target.to_layout(given, **options)


def arrays_of(mapping: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays of a layout without its attributes."""
    return {name: value for name, value in mapping.items() if isinstance(value, np.ndarray)}
