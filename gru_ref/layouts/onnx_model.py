"""Writes a layer as an ONNX model: transposes, one GRU node, and the outputs that Keras returns."""

from __future__ import annotations

import importlib
from os import PathLike
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import NotRepresentableError
from gru_ref.keras.config import GRUConfig
from gru_ref.layouts.conversion_input import weights_and_config
from gru_ref.layouts.runtimes import onnx

TITLE = "An ONNX model"
OPSET = 17
IR_VERSION = 8  # the first that has opset 17

_SIZES = {np.dtype("float32"): "FLOAT", np.dtype("float64"): "DOUBLE"}


def to_onnx(
    given: Any,
    path: str | PathLike[str] | None = None,
    *,
    initial_state: bool = True,
    name: str = "gru",
) -> Any:
    """Return a layer as an ONNX model that runs, and write it if a path is given.

    Parameters
    ----------
    given : GRU, or (weights, config)
    path : path, optional
        Where to write the model.
    initial_state : bool
        Whether the model has the input initial_state, which then has to be fed; without it every
        run starts from zeros.
    name : str
        Of the graph and, as a prefix, of the weights in it.

    Returns
    -------
    onnx.ModelProto
        Inputs: x (batch, timesteps, features), or (timesteps, batch, features) for time_major, and
        initial_state (batch, units). Outputs: output and, with return_state, state, in Keras's
        shapes and order: with go_backwards in processing order. In the dtype of the config.

    Raises
    ------
    NotRepresentableError
        An activation is none of ONNX's; zero_output_for_mask or stateful is True; the dtype is
        neither float32 nor float64.
    ModuleNotFoundError
        The package onnx is not installed.

    Notes
    -----
    There is no mask input, and dropout, which acts in training alone, is not written. ONNX Runtime
    has no float64 GRU; convert ``weights.astype("float32")`` with a float32 config for it.

    Examples
    --------
    >>> from gru_ref import GRU
    >>> layer = GRU(2, "gelu", kernel_initializer="ones", recurrent_initializer="ones")
    >>> layer.build((None, None, 3))
    >>> to_onnx(layer)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    gru_ref.errors.NotRepresentableError: activation is 'gelu', expected ...
    """
    weights, config = weights_and_config(given)
    if config.stateful:
        raise NotRepresentableError(
            TITLE,
            "stateful",
            "True",
            "False",
            "the state kept between calls: convert with return_state=True and feed the state back "
            "as initial_state",
        )
    dtype = config.compute_dtype
    if dtype not in _SIZES:
        raise NotRepresentableError(
            TITLE, "dtype", repr(config.dtype), "'float32' or 'float64'", "the precision"
        )
    arrays = onnx.to_layout((weights.astype(dtype), config))
    try:
        package = importlib.import_module("onnx")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "to_onnx needs onnx, which is not installed: pip install 'gru-ref[onnx]'"
        ) from error
    model = _model(package, weights, config, arrays, name, starts=initial_state)
    package.checker.check_model(model, full_check=True)
    if path is not None:
        package.save(model, path)
    return model


def _model(
    package: Any,
    weights: GRUWeights,
    config: GRUConfig,
    arrays: dict[str, Any],
    name: str,
    *,
    starts: bool,
) -> Any:
    """Return the model: see `to_onnx`."""
    helper, to_tensor = package.helper, package.numpy_helper.from_array
    element = getattr(package.TensorProto, _SIZES[config.compute_dtype])
    initializers = {
        f"{name}/{key}": array for key, array in arrays.items() if isinstance(array, np.ndarray)
    }
    attributes = {k: v for k, v in arrays.items() if not isinstance(v, np.ndarray)}
    constants: dict[str, list[int]] = {"zero": [0]}

    def node(operator: str, inputs: list[str], output: str, **more: Any) -> Any:
        return helper.make_node(operator, inputs, [output], **more)

    nodes = []
    x = "x"
    if not config.time_major:
        nodes.append(node("Transpose", [x], "x_time_major", perm=[1, 0, 2]))  # (T, B, F)
        x = "x_time_major"
    if starts:
        nodes.append(node("Unsqueeze", ["initial_state", "zero"], "initial_h"))  # (1, B, U)
    bias = f"{name}/B" if "B" in arrays else ""
    inputs = [x, f"{name}/W", f"{name}/R", bias, "", "initial_h" if starts else ""]
    nodes.append(helper.make_node("GRU", inputs, ["Y", "Y_h"], name=name, **attributes))

    state_is_output = not config.return_sequences
    if config.return_sequences:
        constants["one"] = [1]
        axes: list[tuple[str, list[str], dict[str, Any]]] = [
            ("Squeeze", ["one"], {})
        ]  # (T, B, U), from (T, 1, B, U)
        if config.go_backwards:  # Y is in the order of the input, Keras's in processing order
            constants |= {"last": [-1], "before_first": [np.iinfo(np.int64).min]}
            axes.append(("Slice", ["last", "before_first", "zero", "last"], {}))
        if not config.time_major:
            axes.append(("Transpose", [], {"perm": [1, 0, 2]}))  # (B, T, U)
        source = "Y"
        for number, (operator, operands, more) in enumerate(axes):
            result = "output" if number == len(axes) - 1 else f"Y_{number}"
            nodes.append(node(operator, [source, *operands], result, **more))
            source = result
    if state_is_output or config.return_state:
        nodes.append(node("Squeeze", ["Y_h", "zero"], "output" if state_is_output else "state"))
    if state_is_output and config.return_state:
        nodes.append(node("Identity", ["output"], "state"))

    def value(called: str, shape: list[str | int]) -> Any:
        return helper.make_tensor_value_info(called, element, shape)

    leading: list[str | int] = (
        ["timesteps", "batch"] if config.time_major else ["batch", "timesteps"]
    )
    state_shape: list[str | int] = ["batch", weights.units]
    sequence = [*leading, weights.units]
    outputs = [value("output", sequence if config.return_sequences else state_shape)]
    if config.return_state:
        outputs.append(value("state", state_shape))
    graph_inputs = [value("x", [*leading, weights.features])]
    if starts:
        graph_inputs.append(value("initial_state", state_shape))
    used = {operand for one in nodes for operand in one.input}
    graph = helper.make_graph(
        nodes,
        name,
        graph_inputs,
        outputs,
        [
            *(to_tensor(array, called) for called, array in initializers.items()),
            *(
                to_tensor(np.array(values, np.int64), called)
                for called, values in constants.items()
                if called in used
            ),
        ],
    )
    return helper.make_model(
        graph,
        producer_name="gru_ref",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
