"""ONNX's GRU node: its weights, and all that its attributes and other inputs say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gru_ref.files.formats.onnx_constants import Folded, OnnxConstants
from gru_ref.files.formats.onnx_graph import OnnxNode
from gru_ref.files.formats.onnx_time import TimeAxis, follow_time, is_whole_length, uses_of_time
from gru_ref.files.interpretation.found import Found
from gru_ref.keras.activations.tables import tanh
from gru_ref.layouts.reading import activation_arguments
from gru_ref.layouts.runtimes import onnx
from gru_ref.layouts.runtimes.onnx import OnnxActivation
from gru_ref.provenance import Inference

_REVERSED = (
    "its direction is reverse: ONNX puts the outputs back into the order of the inputs, Keras "
    "does not"
)
_QUANTIZED = frozenset(("int8", "uint8", "int32", "float16"))
# |x| from which on an activation is as good as its limit: float32(tanh(10)) is 1, sigmoid(-40) is
# 4e-18, which a state of at most 1 turns into less than its own rounding.
_SATURATED = {"Tanh": 10.0, "Sigmoid": 40.0}


def node_grus(node: OnnxNode, constants: OnnxConstants) -> Iterator[Found]:
    """Yield the directions of a GRU node, each as a layer of its own.

    Raises
    ------
    MalformedFileError
        A weight is not constant, shapes or attributes contradict each other, or the node computes
        what no GRU of Keras does.
    """
    _check_stored(node, constants)
    weights = [_weight(node, position, constants) for position in (1, 2, 3)]
    W, R, B = (None if one is None else one.array for one in weights)
    if W is None or R is None:
        raise node.part.error(f"it has the inputs {node.inputs}, expected X, W and R")
    directions = _directions(node)
    if W.ndim != 3 or R.ndim != 3 or {W.shape[0], R.shape[0]} != {len(directions)}:
        raise node.part.error(
            f"W is {W.shape} and R is {R.shape}, expected {len(directions)} directions"
        )
    units = R.shape[-1]
    if node.integer("hidden_size", units) != units:
        raise node.part.error(
            f"hidden_size is {node.integer('hidden_size')}, expected {units} beside an R of shape "
            f"{R.shape}"
        )
    if B is not None and B.shape != (len(directions), 6 * units):
        raise node.part.error(f"B is {B.shape}, expected {(len(directions), 6 * units)}")
    after = node.integer("linear_before_reset")
    if after not in (0, 1):
        raise node.part.error(f"linear_before_reset is {after}, expected 0 or 1")
    pairs = _activations(node, len(directions))
    axis = TimeAxis(node.input(0), node.integer("layout"), 3)
    origin = follow_time(axis, constants, node)
    if node.input(4) and not is_whole_length(node.input(4), axis, constants):
        raise node.part.error(
            f"its sequence_lens {node.input(4)!r} {constants.whatever(node.input(4))}, expected "
            "the number of timesteps for every row: Keras's GRU stops rows at a mask alone"
            if constants.get(node.input(4)) is None
            else "its sequence_lens end rows before the last timestep, or cannot be compared with "
            "the number of timesteps, expected all of them: Keras's GRU has masks instead"
        )
    notes = [*_stored(weights), *_clip(node, pairs), *_initial_state(node, constants)]
    sequences = _sequences(node, directions, constants)
    path = node.name or next(iter(node.outputs), "") or "GRU"
    for i, one in enumerate(directions):
        bias = None
        if B is not None:
            rows = B[i].reshape(2, 3 * units)
            with np.errstate(over="ignore", invalid="ignore"):
                bias = rows if after else rows[0] + rows[1]
        reverse = one == "reverse"
        known, inferred = _functions(pairs[i])
        if sequences is not None:
            known["return_sequences"] = sequences
        yield Found(
            path if len(directions) == 1 else f"{path}/{one}",
            W[i].T,
            R[i].T,
            bias,
            already_known={
                **known,
                "go_backwards": reverse != origin.reversed,
                "reset_after": bool(after),
            },
            inferred=inferred,
            notes=(*([_REVERSED] if reverse else []), *notes),
        )


def _check_stored(node: OnnxNode, constants: OnnxConstants) -> None:
    """Refuse a node with several weights that the file does not hold, naming each of them."""
    missing = [name for name in map(node.input, (1, 2, 3)) if name and constants.get(name) is None]
    if len(missing) > 1:
        whats = {name: constants.whatever(name) for name in missing}
        listed = "; ".join(f"{name!r} {what}" for name, what in whats.items())
        raise node.part.error(
            f"its weights are not in the file: {listed}; expected initializers: store the weights "
            "in the model, or fold what they are computed from"
        )


def _weight(node: OnnxNode, position: int, constants: OnnxConstants) -> Folded | None:
    name = node.input(position)
    if not name:
        return None
    found = constants.get(name)
    if found is None:
        raise node.part.error(
            f"its weight {name!r} {constants.whatever(name)}, expected an initializer: fold the "
            "model's constants first, or store the weights in the model"
        )
    if found.array.dtype.kind != "f":
        raise node.part.error(f"its weight {name!r} is of {found.array.dtype}, expected floats")
    return found


def _directions(node: OnnxNode) -> tuple[str, ...]:
    direction = node.string("direction", "forward")
    if direction not in ("forward", "reverse", "bidirectional"):
        raise node.part.error(
            f"direction is {direction!r}, expected forward, reverse or bidirectional"
        )
    return ("forward", "reverse") if direction == "bidirectional" else (direction,)


def _activations(node: OnnxNode, directions: int) -> list[list[OnnxActivation]]:
    """Return the activations of gates and candidate, for each direction."""
    names = node.strings("activations") or ["Sigmoid", "Tanh"] * directions
    if len(names) != 2 * directions:
        raise node.part.error(f"activations is {names}, expected {2 * directions} names")
    alphas, betas = node.numbers("activation_alpha"), node.numbers("activation_beta")
    try:
        found = onnx.activations(names, alphas, betas)
    except ValueError as error:
        raise node.part.error(str(error)) from None
    return [found[2 * i : 2 * i + 2] for i in range(directions)]


def _functions(pair: list[OnnxActivation]) -> tuple[dict[str, Any], dict[str, Inference]]:
    """Return the arguments that name the activations, and the Keras that alone has them.

    One that no Keras has stands under ONNX's name, which the caller has to replace by a function.
    """
    gates, candidate = (onnx.keras_function(one) for one in pair)
    foreign = {"recurrent_activation": f"ONNX's {pair[0]}", "activation": f"ONNX's {pair[1]}"}
    try:
        known = activation_arguments(candidate or gates or tanh, gates or candidate or tanh)
    except ValueError:  # no one Keras has both
        return dict(foreign), {}
    if gates is None:
        known["recurrent_activation"] = foreign["recurrent_activation"]
    if candidate is None:
        known["activation"] = foreign["activation"]
    generation = known.pop("keras_version", None)
    if generation is None:
        return known, {}
    source = f"its {' and '.join(dict.fromkeys(map(str, pair)))}, as Keras {generation} has it"
    return known, {"keras_version": Inference(generation, source)}


def _clip(node: OnnxNode, pairs: list[list[OnnxActivation]]) -> list[str]:
    """Return the note about a clip that changes no number; refuse any other."""
    clip = node.number("clip")
    if clip is None or clip >= np.finfo(np.float32).max:
        return []
    for one in (activation for pair in pairs for activation in pair):
        limit = _SATURATED.get(one.name, np.inf)
        if one.name == "HardSigmoid" and one.alpha and one.beta is not None:
            limit = max(abs(one.beta), abs(1 - one.beta)) / abs(one.alpha)
        if not clip >= limit:
            raise node.part.error(
                f"it clips at {clip:g} before {one}, which changes its numbers, and Keras's GRU "
                "does not clip: expected no clip"
                + ("" if limit == np.inf else f", or one of at least {limit:g}")
            )
    return [f"it clips at {clip:g} before its activations, where those have reached their limits"]


def _initial_state(node: OnnxNode, constants: OnnxConstants) -> list[str]:
    """Return what is to be noted about the state that the node starts from."""
    name = node.input(5)
    if not name or constants.fill(name) == 0:
        return []
    if constants.get(name) is not None:
        return [
            f"the model starts it from a constant {name!r} that is not zeros: pass that as "
            "initial_state"
        ]
    return [
        f"the model starts it from {name!r}, which {constants.whatever(name)}: pass that as "
        "initial_state"
    ]


def _sequences(
    node: OnnxNode, directions: tuple[str, ...], constants: OnnxConstants
) -> bool | None:
    """Return return_sequences, as the graph uses the outputs; None if it cannot be told."""
    outputs = [*node.outputs, "", ""]
    layout = node.integer("layout")
    last = 0 if directions == ("reverse",) else -1
    uses = uses_of_time(TimeAxis(outputs[0], layout, 4), constants, last) if outputs[0] else set()
    if "all" in uses:
        return None if len(directions) > 1 and uses != {"all"} else True
    if uses:
        return None if len(directions) > 1 else False
    state = outputs[1] and uses_of_time(TimeAxis(outputs[1], 0, 3), constants, 0)
    return False if state else None


def _stored(weights: list[Folded | None]) -> list[str]:
    """Return the note about weights that are stored more coarsely than they are computed with."""
    there = [one for one in weights if one is not None]
    coarse = {one.stored for one in there if one.stored != one.array.dtype.name} & _QUANTIZED
    if not coarse:
        return []
    kinds = " and ".join(sorted(coarse))
    return [f"its weights are stored as {kinds} and read as {there[0].array.dtype}"]
