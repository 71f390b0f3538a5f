"""Ports of a Keras GRU to PyTorch and to ONNX: right, and with every mistake in the runtime itself.

A mistake in the weights is made in the arrays that the runtime is handed. Any other is made as
people make it: another attribute, no flip, batch_first left out, a loop that forgets the state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from gru_ref import GRU, GRUConfig, GRUWeights, layouts
from gru_ref.debugging.mistakes.table import BY_NAME, Attempt, Call
from parity_tests.cases.sweeps import CaseSizes
from parity_tests.judging.float32_runs import random_weights
from parity_tests.tests.runtimes.runners import onnx as onnx_runner
from parity_tests.tests.runtimes.runners import torch as torch_runner

RUNNERS = {"torch": torch_runner, "onnx": onnx_runner}
RUNTIMES = tuple(RUNNERS)
RATE = 0.5


class Port(NamedTuple):
    """What a wrong port is of, and what it returns.

    `run` takes the layer and its call and returns the output, or the final state, as the user of
    the port brings it: (batch, timesteps, units) in processing order.
    """

    mistake: str
    arguments: dict[str, Any]
    run: Callable[[str, Attempt], np.ndarray]
    runtimes: tuple[str, ...] = RUNTIMES
    given: tuple[str, ...] = ()


def draw(port: Port, sizes: CaseSizes, seed: int) -> tuple[GRU, Attempt]:
    """Return a layer with random weights, and its call on random inputs."""
    rng = np.random.default_rng([seed, *map(ord, port.mistake)])
    layer = GRU(sizes.units, return_sequences=True, **port.arguments)
    weights = random_weights(rng, layer.config, sizes.features)
    layer.build((None, None, sizes.features))
    layer.set_weights(weights.arrays())
    x = rng.normal(size=sizes[:3]).astype("float32")
    initial_state = mask = dropout_mask = None
    if "initial_state" in port.given:
        initial_state = rng.uniform(-1, 1, (sizes.batch, sizes.units)).astype("float32")
    if "mask" in port.given:  # padding at the end, at least one timestep of it somewhere
        lengths = rng.integers(1, sizes.timesteps, sizes.batch)
        mask = np.arange(sizes.timesteps) < lengths[:, np.newaxis]
    if "dropout_mask" in port.given:
        dropout_mask = (rng.random(sizes[:3]) >= RATE).astype("float32") / (1 - RATE)
    call = Call(x, initial_state, mask, dropout_mask)
    return layer, Attempt(layer.config, weights, (call,))


# ---- without a mistake


def right(runtime: str, attempt: Attempt) -> np.ndarray:
    """Return what a port without a mistake returns; masks are none of its business."""
    output = in_input_order(runtime, attempt)
    return output[:, ::-1] if attempt.config.go_backwards else output


def in_input_order(runtime: str, attempt: Attempt, **attributes: Any) -> np.ndarray:
    """Return the runtime's own output, which both keep in the order of the input."""
    (call,) = attempt.calls
    layout = layout_of(runtime, attempt)
    return RUNNERS[runtime].run({**layout, **attributes}, call.x, call.initial_state)[0]


def layout_of(runtime: str, attempt: Attempt) -> dict[str, Any]:
    """Return the arrays and attributes of the runtime; zeros at masked timesteps are no part."""
    config = replace(attempt.config, zero_output_for_mask=False)
    return layouts.convert((attempt.weights, config), to=runtime)


# ---- mistakes


def _wrong_weights(mistake: str) -> Callable[[str, Attempt], np.ndarray]:
    return lambda runtime, attempt: right(runtime, BY_NAME[mistake].make(attempt))


def _negate_z(runtime: str, attempt: Attempt) -> np.ndarray:
    """Weights of a port whose z is the share of the candidate."""
    signs = np.repeat(np.float32([-1, 1, 1]), attempt.config.units)
    arrays = (array * signs for array in attempt.weights.arrays())
    return right(runtime, replace(attempt, weights=GRUWeights(*arrays)))


def _with_arguments(**arguments: Any) -> Callable[[str, Attempt], np.ndarray]:
    """Another config on the same arrays."""

    def run(runtime: str, attempt: Attempt) -> np.ndarray:
        return right(runtime, replace(attempt, config=replace(attempt.config, **arguments)))

    return run


def _without_last_block(bias: np.ndarray) -> np.ndarray:
    """Leave the recurrent bias of the candidate out."""
    z, r, h = np.split(bias[1], 3)
    return np.stack([bias[0], np.concatenate([z, r, np.zeros_like(h)])])


def _without_linear_before_reset(bias: Callable[[np.ndarray], np.ndarray]) -> Any:
    """ONNX's default, 0, on a bias of which some is left out."""

    def run(runtime: str, attempt: Attempt) -> np.ndarray:
        arrays = attempt.weights.arrays()
        changed = GRUWeights(*arrays[:2], bias(arrays[2]))
        return in_input_order(runtime, replace(attempt, weights=changed), linear_before_reset=0)

    return run


def _reset_after(runtime: str, attempt: Attempt) -> np.ndarray:
    arrays = attempt.weights.arrays()
    rows = np.stack([arrays[2], np.zeros_like(arrays[2])])
    config = GRUConfig(attempt.config.units)
    return right(runtime, replace(attempt, config=config, weights=GRUWeights(*arrays[:2], rows)))


def _other_direction(runtime: str, attempt: Attempt) -> np.ndarray:
    config = replace(attempt.config, go_backwards=not attempt.config.go_backwards)
    return right(runtime, replace(attempt, config=config))


def _batch_is_time(runtime: str, attempt: Attempt) -> np.ndarray:
    """Leave batch_first out, or hand X over as Keras has it."""
    (call,) = attempt.calls
    layout = layout_of(runtime, attempt)
    if runtime == "torch":
        return torch_runner.run(layout, call.x, None, batch_first=False)[0]
    return onnx_runner.run_by_time(layout, call.x, None)[0]


def _stateless(runtime: str, attempt: Attempt) -> np.ndarray:
    """Call the runtime for every timestep, and never hand the state on."""
    (call,) = attempt.calls
    steps = [
        right(runtime, replace(attempt, calls=(Call(call.x[:, t : t + 1]),)))
        for t in range(call.x.shape[1])
    ]
    return np.concatenate(steps, axis=1)


def _without_initial_state(runtime: str, attempt: Attempt) -> np.ndarray:
    (call,) = attempt.calls
    return right(runtime, replace(attempt, calls=(Call(call.x),)))


def _pack(runtime: str, attempt: Attempt) -> np.ndarray:
    """Hand the lengths over: both runtimes put zeros where a sequence has ended."""
    (call,) = attempt.calls
    lengths = call.mask.sum(axis=1)
    layout = layout_of(runtime, attempt)
    if runtime == "onnx":
        by_time = onnx_runner.run_by_time(layout, call.x.swapaxes(0, 1), None, lengths)[0]
        return by_time.swapaxes(0, 1)
    module = torch.nn.GRU(call.x.shape[2], attempt.config.units, batch_first=True)
    module.load_state_dict({name: torch.from_numpy(a) for name, a in layout.items()})
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.from_numpy(call.x), torch.from_numpy(lengths), True, enforce_sorted=False
    )
    with torch.no_grad():
        output, _ = torch.nn.utils.rnn.pad_packed_sequence(
            module(packed)[0], True, total_length=call.x.shape[1]
        )
    return output.numpy()


def _repeat_last(runtime: str, attempt: Attempt) -> np.ndarray:
    """Fill the zeros after the end with the last output."""
    (call,) = attempt.calls
    output = _pack(runtime, attempt)
    last = np.take_along_axis(output, call.mask.sum(axis=1)[:, None, None] - 1, axis=1)
    return np.where(call.mask[:, :, None], output, last)


def _loop(used: Callable[[np.ndarray], np.ndarray]) -> Callable[[str, Attempt], np.ndarray]:
    """A loop over the timesteps, with the mask applied by hand."""

    def run(runtime: str, attempt: Attempt) -> np.ndarray:
        (call,) = attempt.calls
        h = np.zeros((len(call.x), attempt.config.units), "float32")
        outputs, output = [], h
        for t in range(call.x.shape[1]):
            one = replace(attempt, calls=(Call(call.x[:, t : t + 1], h),))
            now = used(call.mask[:, t])[:, np.newaxis]
            new = right(runtime, one)[:, 0]
            h, output = np.where(now, new, h), np.where(now, new, output)
            outputs.append(output)
        return np.stack(outputs, axis=1)

    return run


_RESET_BEFORE = {"reset_after": False}
_BACKWARDS = {"go_backwards": True}
_HARD = {"recurrent_activation": "hard_sigmoid", "keras_version": "3"}
_OTHER_PAIR = {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}
_ZEROED = {"zero_output_for_mask": True, "keras_version": "3"}
_ONNX = ("onnx",)
_IN_WEIGHTS = (
    "z and r swapped",
    "z and candidate swapped",
    "r and candidate swapped",
    "gates rotated to r, h, z",
    "gates rotated to h, z, r",
    "z and r swapped in the kernel alone",
    "z and r swapped in the recurrent kernel alone",
    "z and r swapped in the bias alone",
    "recurrent kernel transposed",
    "kernels reshaped for transposed",
    "CuDNNGRU kernels taken as GRU's",
    "features permuted",
    "units permuted",
    "bias rows swapped",
    "bias rows merged",
    "recurrent bias dropped",
    "input bias dropped",
    "bias dropped",
)

PORTS: tuple[Port, ...] = (
    *(Port(name, {}, _wrong_weights(name)) for name in _IN_WEIGHTS),
    Port(
        "reset before for after", {},
        _without_linear_before_reset(_without_last_block), _ONNX,
    ),
    Port(
        "reset before for after, recurrent bias dropped", {},
        _without_linear_before_reset(lambda b: b * np.float32([[1], [0]])), _ONNX,
    ),
    Port(
        "reset before for after, bias rows added", {},
        _without_linear_before_reset(lambda b: b), _ONNX,
    ),
    Port("reset after for before", _RESET_BEFORE, _reset_after),
    Port("1 - z for z", {}, _negate_z),
    Port(
        "activations swapped", {},
        _with_arguments(activation="sigmoid", recurrent_activation="tanh"), _ONNX,
    ),
    Port(
        "sigmoid replaced by hard_sigmoid", {},
        _with_arguments(recurrent_activation="hard_sigmoid"), _ONNX,
    ),
    Port("hard_sigmoid of the other generation", _HARD, _with_arguments(keras_version="2"), _ONNX),
    Port("activation left at tanh", _OTHER_PAIR, _with_arguments(activation="tanh"), _ONNX),
    Port(
        "recurrent_activation left at sigmoid", _HARD,
        _with_arguments(recurrent_activation="sigmoid"),
    ),
    Port("go_backwards ignored", _BACKWARDS, _other_direction),
    Port("go_backwards added", {}, _other_direction),
    Port("reversed output not flipped", _BACKWARDS, in_input_order),
    Port("batch and time swapped", {}, _batch_is_time),
    Port("mask ignored", {}, right, given=("mask",)),
    Port("mask inverted", {}, _loop(np.logical_not), given=("mask",)),
    Port("zero_output_for_mask ignored", _ZEROED, _repeat_last, given=("mask",)),
    Port("zero_output_for_mask added", {}, _pack, given=("mask",)),
    Port("state not carried", {}, _stateless),
    Port("initial_state ignored", {}, _without_initial_state, given=("initial_state",)),
    Port("dropout mask ignored", {"dropout": RATE}, right, given=("dropout_mask",)),
)  # fmt: skip

# Of the mistakes, those that a single call of a runtime in inference cannot make.
NOT_PORTED = {
    "recorded state dropped": "it takes two calls of a stateful layer",
    "recurrent dropout mask ignored": "its numbers are those of 'dropout mask ignored' for h",
    "dropout left on": "its masks are drawn: see the tests of dropout",
}
