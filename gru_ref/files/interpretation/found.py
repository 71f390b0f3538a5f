"""One GRU as a reader found it: its arrays, and everything that the file says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


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
    notes : tuple of str
        What else a reader has to know, a sentence each.
    stored_dtype : str, optional
        The dtype on file where it is not that of `kernel`: "bfloat16".
    backward : bool
        It is the backward layer of a Bidirectional: it runs against its forward layer.
    """

    path: str
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None = None
    class_name: str | None = None
    config: Mapping[str, Any] | None = None
    keras_version: str | None = None
    already_known: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    stored_dtype: str | None = None
    backward: bool = False
