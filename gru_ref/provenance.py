"""Where a layer that was read from a file comes from: what is read, inferred, and assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Inference(NamedTuple):
    """An argument that follows from something else in a file.

    Parameters
    ----------
    value
        What the layer has.
    source : str
        What it follows from, as a phrase: "the name of its group, backward_layer".
    """

    value: Any
    source: str


@dataclass(frozen=True)
class Provenance:
    """The provenance of one layer that `gru_ref.load_layers` read.

    `read`, `inferred`, `assumed` and `supplied` share out the arguments of GRU that can change its
    numbers; "keras_version" and, for a class that is not Keras's own, "class_name" are among them.

    Attributes
    ----------
    file : str
        The path that was given to `load_layers`.
    format : str
        The module of `gru_ref.files.readers` that read it: "keras_zip", "keras_hdf5", …
    path : str
        The place of the layer within the file, as the file writes it.
    names : tuple of str
        The names of the models and wrappers around the layer, the outermost first, and its own, as
        Keras has them; empty where the file does not say its own.
    keras_version : str or None
        The version that the file names; None where it names none.
    class_name : str or None
        Keras's class, or the user's own; None where the file does not say.
    config : mapping or None
        Keras's own config of that layer, untouched; None where the file has none.
    read : mapping
        Arguments that the file says, by a config, a graph, an attribute or a shape → what it says.
    inferred : mapping
        Arguments that follow from something else → `Inference`.
    assumed : mapping
        Arguments that the file does not say and nobody supplied → Keras's default, which the layer
        has.
    supplied : mapping
        Arguments that the file does not say and the caller of `load_layers` supplied.
    dtype : str
        The dtype of the arrays on file: "float32", "float64", "float16" or "bfloat16".
    sha256 : mapping
        Array name to the hash of its numbers, little-endian, in C order and in the dtype read.
    not_finite : tuple of str
        Names of the arrays that hold NaN or an infinity.
    notes : tuple of str
        What else a reader has to know, a sentence each.
    """

    file: str
    format: str
    path: str
    names: tuple[str, ...] = ()
    keras_version: str | None = None
    class_name: str | None = None
    config: Mapping[str, Any] | None = field(default=None, repr=False)
    read: Mapping[str, Any] = field(default_factory=dict, repr=False)
    inferred: Mapping[str, Inference] = field(default_factory=dict)
    assumed: Mapping[str, Any] = field(default_factory=dict)
    supplied: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    sha256: Mapping[str, str] = field(default_factory=dict, repr=False)
    not_finite: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
