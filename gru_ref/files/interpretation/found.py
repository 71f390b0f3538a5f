"""GRUs as a reader found them: their arrays, and everything that the file says about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from gru_ref.provenance import Inference

Array = NDArray[Any]

# What is assumed of a call where a graph shows that it had another: the argument's default.
CALL = {"mask": "none", "initial_state": "zeros"}
# The arrays of a GRU, in the order of get_weights().
ROLES = ("kernel", "recurrent_kernel", "bias")


@dataclass(frozen=True, eq=False)
class Wrapper:
    """A Bidirectional or an RNN in a file, which GRUs are parts of.

    Parameters
    ----------
    class_name : str
        "Bidirectional", "RNN", or a class of the user's own that holds a cell as RNN does.
    parts : int
        How many layers or cells it holds.
    names : tuple of str
        As `Found.names`.
    config : mapping, optional
        Keras's config of it, as the file holds it.
    source : str
        What shows that it is there, as a phrase, where no config does.
    """

    class_name: str
    parts: int
    names: tuple[str, ...] = ()
    config: Mapping[str, Any] | None = None
    source: str = ""


@dataclass(frozen=True, eq=False)
class Found:
    """The arrays of one GRU in Keras's layout, and everything that the file says about it.

    Parameters
    ----------
    path : str
        Where it is, as the file writes it; unique in the file.
    kernel : (features, 3 * units), float16, float32 or float64
    recurrent_kernel : (units, 3 * units), of the same dtype
    bias : (2, 3 * units) or (3 * units,) or None, of the same dtype
    class_name : str, optional
        Keras's class, or the user's own.
    config : mapping, optional
        Keras's config of that layer, as the file holds it.
    keras_version : str, optional
        As the file holds it.
    already_known : mapping
        Arguments of GRU that the file says in another way than by a config.
    inferred : mapping
        Arguments of GRU that the file does not say, and that follow from something in it.
    assumed : mapping
        Arguments to be assumed otherwise than by GRU's own default; or that the config says, for
        somebody assumed them before the file was written.
    notes : tuple of str
        What else a reader has to know, a sentence each.
    stored_dtype : str, optional
        The dtype on file where it is not that of `kernel`: "bfloat16".
    backward : bool
        It is the backward layer of a Bidirectional: it runs against its forward layer.
    names : tuple of str
        The names of the layers around it, the outermost first, and its own, as Keras has them;
        empty where the file does not say its own.
    within : tuple of (Wrapper, int)
        The Bidirectional and the RNN that it is a part of, the outermost first, and the number of
        the part: 0 and 1 are the forward and the backward layer.
    variable : str
        What the file calls the variable that holds the recurrent kernel, where its graph calls it
        so too.
    """

    path: str
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None = None
    class_name: str | None = None
    config: Mapping[str, Any] | None = None
    keras_version: str | None = None
    already_known: Mapping[str, Any] = field(default_factory=dict)
    inferred: Mapping[str, Inference] = field(default_factory=dict)
    assumed: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    stored_dtype: str | None = None
    backward: bool = False
    names: tuple[str, ...] = ()
    within: tuple[tuple[Wrapper, int], ...] = ()
    variable: str = ""


def convert_cudnn(found: Found) -> Found:
    """Return a CuDNNGRU as the GRU that computes the same; any other GRU as it is.

    Only the flat bias of both rows shows that the arrays are a CuDNNGRU's.
    """
    bias = found.bias
    if bias is None or bias.shape != (6 * found.recurrent_kernel.shape[0],):
        return found
    from gru_ref.layouts.runtimes.cudnn_gru import gru_arrays  # loads every layout

    kernel, recurrent_kernel, bias = gru_arrays(found.kernel, found.recurrent_kernel, bias)
    return replace(
        found,
        kernel=kernel,
        recurrent_kernel=recurrent_kernel,
        bias=bias,
        class_name="CuDNNGRU",
        notes=(*found.notes, "a CuDNNGRU: its arrays are converted to those of GRU"),
    )


def unique_layers(found: list[Found]) -> list[Found]:
    """Return every GRU once, at its first place, under a path of its own.

    Two with the same arrays and the same known arguments are one layer that is called twice.
    """
    layers: dict[tuple[object, ...], Found] = {}
    for one in found:
        arrays = (one.kernel, one.recurrent_kernel, one.bias)
        key = (
            *(None if array is None else (array.shape, array.tobytes()) for array in arrays),
            *sorted((k, v) for k, v in one.already_known.items() if k != "time_major"),
        )
        first = layers.setdefault(key, one)
        if "time_major" not in first.already_known:  # one call may show it, another not
            layers[key] = replace(first, already_known={**one.already_known, **first.already_known})
    often = Counter(one.path for one in layers.values())
    return [
        one if often[one.path] == 1 else replace(one, path=f"{one.path} ({i})")
        for i, one in enumerate(layers.values())
    ]
