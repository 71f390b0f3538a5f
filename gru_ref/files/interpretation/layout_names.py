"""GRUs among arrays that are named as another runtime names them, read by the layout of that one.

Names come first: by their shapes alone the arrays of haiku, w_i, w_h and b, could be Keras's, and
are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from gru_ref.files.interpretation.found import Found, Wrapper
from gru_ref.files.interpretation.grouping import is_optimizer
from gru_ref.files.limits import Budget
from gru_ref.provenance import Inference

Shape = tuple[int, ...]

# The arguments of flax's cells are not among their parameters: what flax has by default.
_OF_FLAX = {"gate_fn": "sigmoid", "activation_fn": "tanh", "reverse": False}
_FLAX = ("flax_linen", "flax_nnx")
# Layout → the names that show it. Two whose arrays are named as Keras's show by an attribute.
_SHOWING = {
    "torch_cell": "weight_ih weight_hh",
    "onnx": "W R",
    "openvino": "W R linear_before_reset",
    "cudnn": "params inputSize hiddenSize",
    "cudnn_gru": "kernel recurrent_kernel go_backwards",
    "haiku": "w_i w_h b",
    "mlx": "Wx Wh",
    "coreml_mil": "weight_ih weight_hh direction",
    "tfjs": "kernel recurrent_kernel recurrentActivation",
    "webnn": "weight recurrentWeight",
}
_BY_KEYS = (*_FLAX, "coreml_neuralnetwork", *_SHOWING)
# Cells and buffers: in which direction they are run is not among their names.
_NO_DIRECTION = ("torch_cell", "cudnn", "haiku", "mlx")
_OF_FLAX_ARGUMENTS = {
    "gate_fn": "recurrent_activation",
    "activation_fn": "activation",
    "reverse": "go_backwards",
}
_TORCH = re.compile(r"(?P<before>.*?)(?P<key>(weight|bias)_(ih|hh)_l(?P<layer>\d{1,4})(_reverse)?)")


class LayoutNames(NamedTuple):
    """The arrays of one GRU of another runtime.

    Parameters
    ----------
    path : str
        Where they are: what stands before their names.
    layout : str
        A name of `gru_ref.layouts.LAYOUTS`.
    names : dict
        The runtime's name of each → its name in the file.
    notes : tuple of str
    own_names, within
        As `Found.names` and `Found.within`.
    """

    path: str
    layout: str
    names: dict[str, str]
    notes: tuple[str, ...] = ()
    own_names: tuple[str, ...] = ()
    within: tuple[tuple[Wrapper, int], ...] = ()


def layout_groups(shapes: Mapping[str, Shape]) -> list[LayoutNames]:
    """Return the GRUs of other runtimes among named arrays, in the order of the names.

    Parameters
    ----------
    shapes : mapping
        Name → shape; attributes that lie beside the arrays have a name and a shape too.

    Examples
    --------
    >>> shapes = {"rnn.weight_ih_l0": (6, 3), "rnn.weight_hh_l0": (6, 2)}
    >>> layout_groups(shapes)[0][:2]
    ('rnn/l0', 'torch')
    """
    return [*_torch_groups(shapes), *_groups_by_keys(shapes)]


def found_layout(
    group: LayoutNames, value: Callable[[str], Any], budget: Budget, *, bfloat16: bool = False
) -> Found:
    """Return the GRU of a group in Keras's layout, with the arguments that the layout says.

    Parameters
    ----------
    group : LayoutNames
    value : callable
        Name in the file → the array or attribute.
    budget : Budget
    bfloat16 : bool
        Whether the arrays are stored as bfloat16.

    Raises
    ------
    MalformedFileError
        The arrays do not fit together, or attributes are missing that change the numbers.
    """
    from gru_ref.layouts import layout  # loads every layout

    module = layout(group.layout)
    mapping = {key: value(name) for key, name in group.names.items()}
    assumed = {}
    if group.layout in _FLAX:
        assumed = {key: one for key, one in _OF_FLAX.items() if key not in mapping}
    title = module.FACTS.title
    try:
        read = module.from_layout({**mapping, **assumed})
    except (TypeError, ValueError) as error:
        missing = [key for key in _keys(group, module.FACTS.arrays) if key not in mapping]
        hint = f" (beside them there is no {', '.join(missing)})" if missing else ""
        raise budget.error(
            group.path,
            f"its arrays are named as those of {title}, and cannot be read so: {error}{hint}; "
            f"gru_ref.layouts.convert(arrays, to=…, origin={group.layout!r}) takes them once they "
            "are complete",
        ) from None
    said = {k: v for k, v in read.arguments.items() if k not in ("units", "use_bias", "dtype")}
    unsaid = [_OF_FLAX_ARGUMENTS[key] for key in assumed]
    if group.layout in _NO_DIRECTION:
        unsaid.append("go_backwards")
    for argument in unsaid:
        said.pop(argument)
    inferred = {}
    if (version := said.pop("keras_version", None)) is not None:
        inferred["keras_version"] = Inference(version, "the slope of its hard_sigmoid")
    if group.layout == "torch":
        inferred["return_sequences"] = Inference(True, "nn.GRU, which returns every output")
    weights = read.weights
    return Found(
        group.path,
        weights.kernel,
        weights.recurrent_kernel,
        weights.bias,
        already_known=said,
        inferred=inferred,
        notes=(f"read in the layout {group.layout}, {title}", *group.notes),
        stored_dtype="bfloat16" if bfloat16 else None,
        names=group.own_names,
        within=group.within,
    )


def _keys(group: LayoutNames, keys: Iterable[str]) -> list[str]:
    """Return the names of a layout's arrays and attributes, of PyTorch those of the layer."""
    if group.layout != "torch":
        return list(keys)
    _, _, suffix = next(iter(group.names)).partition("_l")
    return [f"{key.removesuffix('_l0')}_l{suffix}" for key in keys]


def _torch_groups(shapes: Mapping[str, Shape]) -> Iterator[LayoutNames]:
    """Yield every layer and direction of PyTorch's nn.GRU: LSTM has 4 blocks, RNN 1."""
    groups: dict[str, dict[tuple[int, bool], dict[str, str]]] = {}
    for name in shapes:
        matched = _TORCH.fullmatch(name)
        if matched is None or is_optimizer(_path(matched["before"])):
            continue
        key = matched["key"]
        part = int(matched["layer"]), key.endswith("_reverse")
        groups.setdefault(matched["before"], {}).setdefault(part, {})[key] = name
    for before, parts in groups.items():
        depth = len({layer for layer, _ in parts})
        wrappers: dict[int, Wrapper] = {}
        for (layer, backward), names in sorted(parts.items()):
            suffix = f"_l{layer}" + ("_reverse" if backward else "")
            recurrent = shapes.get(names.get(f"weight_hh{suffix}", ""))
            if recurrent is None or not _three_blocks(recurrent):
                continue
            path = "/".join(part for part in (_path(before), f"l{layer}") if part)
            notes = _torch_notes(layer, depth, backward)
            own = tuple(path.split("/"))
            if (layer, not backward) not in parts:
                yield LayoutNames(path, "torch", names, notes, own)
                continue
            wrapper = wrappers.setdefault(
                layer, Wrapper("Bidirectional", 2, own, {"merge_mode": "concat"})
            )
            half = "backward" if backward else "forward"
            yield LayoutNames(
                f"{path}/{half}",
                "torch",
                names,
                notes,
                (*own, suffix[1:] if backward else f"l{layer}_forward"),
                ((wrapper, int(backward)),),
            )


def _torch_notes(layer: int, depth: int, backward: bool) -> tuple[str, ...]:
    """Return what a layer is a part of, and what its outputs are."""
    notes = []
    if depth > 1:
        below = f"the outputs of layer {layer - 1}" if layer else "the inputs"
        notes.append(f"layer {layer} of {depth} stacked ones: it runs over {below}")
    if backward:
        notes.append("PyTorch returns its outputs in the order of the input, Keras as processed")
    return tuple(notes)


def _groups_by_keys(shapes: Mapping[str, Shape]) -> Iterator[LayoutNames]:
    """Yield what has all the arrays of a layout, under the names of that layout."""
    from gru_ref.layouts import LAYOUTS  # loads every layout

    ends: dict[str, list[str]] = {}
    for name in shapes:
        parts = name.replace(".", "/").split("/")
        for count in (1, 2):
            key = "/".join(parts[-count:])
            if len(parts) >= count:
                ends.setdefault(key, []).append(name)
    taken: set[str] = set()
    biases = {
        _path(name[: len(name) - len(key)])
        for key in ("bias", "input_bias")
        for name in ends.get(key, ())
    }
    needed = {name: _needed(name, tuple(LAYOUTS[name].FACTS.arrays)) for name in _BY_KEYS}
    for layout in sorted(needed, key=lambda name: -len(needed[name])):  # the plainest last
        by_path: dict[str, dict[str, str]] = {}
        for key in LAYOUTS[layout].FACTS.arrays:
            for name in ends.get(key, ()):
                before = _path(name[: len(name) - len(key)])
                by_path.setdefault(before, {})[key] = name
        for path, names in by_path.items():
            complete = needed[layout] <= names.keys() and taken.isdisjoint(names.values())
            if layout == "torch_cell" and path in biases:
                continue  # Core ML's arrays of these names lie in another order
            if complete and _fits(layout, names, shapes) and not is_optimizer(path):
                taken.update(names.values())
                yield LayoutNames(path or ".", layout, names)


def _needed(layout: str, keys: tuple[str, ...]) -> frozenset[str]:
    """Return the names that show the layout."""
    if layout in _FLAX:
        return frozenset(key for key in keys if "/" in key)
    if layout == "coreml_neuralnetwork":
        return frozenset(key for key in keys if key.endswith("Matrix"))
    return frozenset(_SHOWING[layout].split())


def _fits(layout: str, names: Mapping[str, str], shapes: Mapping[str, Shape]) -> bool:
    """Return whether the shapes are those of the layout, and of no LSTM or simple RNN."""
    recurrent: Shape | None = None
    for key in ("weight_hh", "R", "w_h", "Wh", "recurrentWeight", "recurrent_kernel"):
        recurrent = shapes[names[key]] if key in names else recurrent
    if recurrent is not None and not (_three_blocks(recurrent) or _three_blocks(recurrent[::-1])):
        return False
    if layout == "openvino" and recurrent is not None:  # ONNX's bias has six blocks
        return "B" in names and shapes[names["B"]] != (1, 6 * recurrent[-1])
    return True


def _three_blocks(shape: Shape) -> bool:
    """Return whether the shape is (…, 3u, u)."""
    return len(shape) >= 2 and shape[-1] > 0 and shape[-2] == 3 * shape[-1]


def _path(before: str) -> str:
    return before.replace(".", "/").strip("/")
