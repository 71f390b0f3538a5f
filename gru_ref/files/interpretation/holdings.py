"""What a file without a GRU holds, in words: layers by their classes, else arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gru_ref.files.interpretation.model_config import Leaf

_MOST = 4  # of one kind that are named
_KINDS = 6
_NO_LAYERS = ("InputLayer", "")
_TORCH = re.compile(r"(?:(.*)[./])?weight_hh(_l\d+)?(_reverse)?")
_BLOCKS = {1: "SimpleRNN", 4: "LSTM"}
# The kernel of the input gate, one of four.
_LSTM_OF_KERAS_1 = re.compile(r"(?:.*/)?(.*)_W_i")


def layers_held(leaves: Iterable[Leaf]) -> str:
    """Return the layers of a model by class: "2 LSTM (lstm, lstm_1), 1 Dense (dense)"."""
    named = ((leaf.class_name, leaf.names[-1]) for leaf in leaves)
    return kinds_held(pair for pair in named if pair[0] not in _NO_LAYERS)


def arrays_held(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return what arrays seem to be by their names and shapes, else the first of them.

    Examples
    --------
    >>> arrays_held({"lstm/kernel": (3, 16), "lstm/recurrent_kernel": (4, 16), "lstm/bias": (16,)})
    '1 LSTM (lstm)'
    >>> arrays_held({"x": (3, 2), "y": (5,)})
    '2 arrays (x 3x2, y 5)'
    """
    kinds = [*_keras_kinds(shapes), *_torch_kinds(shapes)]
    of_keras_1 = filter(None, map(_LSTM_OF_KERAS_1.fullmatch, shapes))
    kinds += [("LSTM of Keras 1", matched[1]) for matched in of_keras_1]
    if kinds:
        return kinds_held(kinds)
    first = [f"{name} {'x'.join(map(str, shape)) or 'one value'}" for name, shape in shapes.items()]
    return (
        f"{len(shapes):,} array{'s'[: len(shapes) != 1]} ({_some(first)})" if first else "no arrays"
    )


def _keras_kinds(shapes: Mapping[str, tuple[int, ...]]) -> Iterable[tuple[str, str]]:
    parts: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        path, _, role = re.sub(r":\d+$", "", name).replace(".", "/").rpartition("/")
        parts.setdefault(path, {})[role] = shape
    for path, roles in parts.items():
        kernel, recurrent = roles.get("kernel"), roles.get("recurrent_kernel")
        if recurrent is not None and len(recurrent) == 2 and recurrent[0]:
            blocks, rest = divmod(recurrent[1], recurrent[0])
            if not rest and blocks in _BLOCKS:
                yield _BLOCKS[blocks], path or "."
        elif kernel is not None and len(kernel) > 1:
            yield ("Dense" if len(kernel) == 2 else f"Conv{len(kernel) - 2}D"), path or "."
        elif "embeddings" in roles:
            yield "Embedding", path or "."


def _torch_kinds(shapes: Mapping[str, tuple[int, ...]]) -> Iterable[tuple[str, str]]:
    for name, shape in shapes.items():
        matched = _TORCH.fullmatch(name)
        if matched and len(shape) == 2 and shape[1]:
            blocks, rest = divmod(shape[0], shape[1])
            if not rest and blocks in (1, 4):
                kind = "PyTorch LSTM" if blocks == 4 else "PyTorch RNN"
                yield kind, matched[1] or name


def kinds_held(pairs: Iterable[tuple[str, str]]) -> str:
    """Return things in words, from pairs (kind, name): "2 LSTM (lstm, lstm_1), 1 Dense (out)"."""
    kinds: dict[str, list[str]] = {}
    for kind, name in pairs:
        kinds.setdefault(kind, []).append(name)
    listed = [f"{len(names):,} {kind}{_in_brackets(names)}" for kind, names in kinds.items()]
    more = ", and more" if len(listed) > _KINDS else ""
    return ", ".join(listed[:_KINDS]) + more if listed else "no layers with weights"


def _in_brackets(names: list[str]) -> str:
    named = [name for name in names if name]
    return f" ({_some(named)})" if named else ""


def _some(names: list[str]) -> str:
    shown = [name if len(name) <= 40 else f"{name[:36]} ..." for name in names[:_MOST]]
    return ", ".join(shown) + (", …" if len(names) > _MOST else "")
