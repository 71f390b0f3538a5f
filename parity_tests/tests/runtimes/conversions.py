"""Runs one case in a runtime and in gru_ref, from Keras's weights or from the runtime's own."""

from __future__ import annotations

import hashlib
import importlib
import json
import warnings
from typing import Any, NamedTuple

import numpy as np

from gru_ref import GRUConfig, GRUWeights, KerasQuirkWarning, gru, layouts
from parity_tests.cases.sweeps import CaseSizes
from parity_tests.tests.runtimes.table import case_id

BIAS_SCALE = 0.5


# No two sizes of a case are alike.
LONG = CaseSizes(4, 20, 16, 32)
SMALL = CaseSizes(2, 3, 4, 5)


class RuntimeRun(NamedTuple):
    """What a runtime returned, and what gru_ref says in float64."""

    layout: dict[str, Any]
    x: np.ndarray
    initial_state: np.ndarray | None
    output: np.ndarray
    state: np.ndarray
    error: float


def runner(name: str) -> Any:
    """Return the module that runs a runtime."""
    return importlib.import_module(f"parity_tests.tests.runtimes.runners.{name}")


def from_keras(
    name: str, arguments: dict[str, Any], sizes: CaseSizes, *, with_state: bool = True
) -> RuntimeRun:
    """Convert random Keras weights to the runtime and run both."""
    rng = _rng(name, arguments)
    config = GRUConfig(sizes.units, return_sequences=True, **arguments)
    arrays = [
        _draw(rng, shape, config.dtype) for shape in config.weight_shapes(sizes.features).values()
    ]
    if name == "flax_nnx" and config.use_bias:
        arrays[2][1, 2 * sizes.units :] = 0  # the one part it has no place for
    weights = GRUWeights(*arrays)
    layout = layouts.convert((weights, config), to=name)
    return _compare(name, layout, weights, config, rng, sizes, with_state=with_state)


def from_runtime(
    name: str, arguments: dict[str, Any], sizes: CaseSizes, *, with_state: bool = True
) -> RuntimeRun:
    """Read random parameters, under the runtime's own names and shapes, and run both."""
    rng = _rng("own " + name, arguments)
    shapes = runner(name).shapes(sizes.features, sizes.units, arguments)
    config = GRUConfig(sizes.units, return_sequences=True, **arguments)
    drawn = {key: _coarse(_draw(rng, shape, config.dtype)) for key, shape in shapes.items()}
    layout = {**drawn, **_attributes(name, config, sizes)}
    read = layouts.layout(name).from_layout(layout)
    return _compare(
        name,
        layout,
        read.weights,
        read.config(return_sequences=True),
        rng,
        sizes,
        with_state=with_state,
    )


def error_of(
    name: str,
    weights: GRUWeights,
    config: GRUConfig,
    call: tuple[np.ndarray, np.ndarray | None],
    returned: tuple[np.ndarray, np.ndarray],
) -> float:
    """Return how far a runtime's output and state are from gru_ref's in float64.

    The unit is 1, or the largest expected number where that is larger.
    """
    with warnings.catch_warnings():
        # Keras has no float64 LeakyReLU and ThresholdedReLU; gru_ref says so and computes them.
        warnings.simplefilter("ignore", KerasQuirkWarning)
        double = GRUConfig(**{**_plain(config), "dtype": "float64"})
    x, initial_state = call
    expected = gru(x, weights.astype("float64"), double, initial_state=initial_state)
    output, state = returned
    if config.go_backwards and layouts.layout(name).FACTS.reversed_output == "as the input":
        output = output[:, ::-1]
    difference = max(np.abs(output - expected.output).max(), np.abs(state - expected.state).max())
    error = float(difference / max(1.0, np.abs(expected.output).max()))
    assert np.isfinite(error), f"{name} or gru_ref returned a number that is not finite"
    return error


def _compare(
    name: str,
    layout: dict[str, Any],
    weights: GRUWeights,
    config: GRUConfig,
    rng: np.random.Generator,
    sizes: CaseSizes,
    *,
    with_state: bool,
) -> RuntimeRun:
    x = _coarse(rng.normal(size=sizes[:3])).astype(config.dtype)
    start = _coarse(rng.uniform(-1, 1, (sizes.batch, sizes.units))).astype(config.dtype)
    initial_state = start if with_state else None
    output, state = runner(name).run(layout, x, initial_state)
    error = error_of(name, weights, config, (x, initial_state), (output, state))
    return RuntimeRun(layout, x, initial_state, output, state, error)


def _plain(config: GRUConfig) -> dict[str, Any]:
    names = (
        "units",
        "activation",
        "recurrent_activation",
        "use_bias",
        "reset_after",
        "go_backwards",
        "return_sequences",
        "keras_version",
    )
    return {name: getattr(config, name) for name in names}


def _attributes(name: str, config: GRUConfig, sizes: CaseSizes) -> dict[str, Any]:
    """Return the attributes of a layout, which say the arguments of a config and no weights."""
    zeros = [np.zeros(shape) for shape in config.weight_shapes(sizes.features).values()]
    layout = layouts.convert((GRUWeights(*zeros), config), to=name)
    return {key: value for key, value in layout.items() if not isinstance(value, np.ndarray)}


def _draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return random numbers: kernels so large that gates move, not so large that they stick."""
    fan_in = min(shape[-2:])
    scale = BIAS_SCALE if fan_in <= 2 or len(shape) == 1 else 1 / np.sqrt(fan_in)
    return rng.normal(scale=scale, size=shape).astype(dtype)


def _coarse(array: np.ndarray) -> np.ndarray:
    """Round to 64ths, which are short to write down."""
    return np.round(array * 64) / 64


def _rng(name: str, arguments: dict[str, Any]) -> np.random.Generator:
    text = f"{name} {case_id(arguments)}"
    return np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16))


def as_json(value: Any) -> Any:
    """Return arrays as lists of floats that read back to the same float32 or float64."""
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "data": json.loads(json.dumps(_floats(value)))}
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value


def _floats(array: np.ndarray) -> Any:
    if array.dtype == np.float64:
        return array.tolist()
    return np.vectorize(lambda number: float(str(number)), otypes=[float])(array).tolist()


def from_json(value: Any) -> Any:
    """Undo `as_json`."""
    if isinstance(value, dict):
        if value.keys() == {"dtype", "data"}:
            return np.array(value["data"], value["dtype"])
        return {key: from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value
