"""The GRUs of a graph, found by what the graph computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gru_ref.files.formats.dataflow import Dataflow
from gru_ref.files.interpretation.found import Array, Found


@dataclass(frozen=True, eq=False)
class GraphGRU:
    """A GRU that a graph computes, which was compared with `gru_ref.core` on random numbers.

    Parameters
    ----------
    path : str
        The name of its loop without "/while", or of its first product if it is unrolled.
    kernel, recurrent_kernel, bias : arrays as `Found` has them
    arguments : mapping
        What the graph says: activation, recurrent_activation, reset_after, go_backwards, and
        return_sequences, unroll where it can be told.
    generation : int or None
        2 or 3 where a function of this name is that of one Keras only: hard_sigmoid.
    constants : mapping
        Role, as in `found.ROLES` → names of the constants that the array is made of.
    stored_dtype : str
    notes : tuple of str
    """

    path: str
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None
    arguments: Mapping[str, Any]
    generation: int | None = None
    constants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stored_dtype: str | None = None
    notes: tuple[str, ...] = ()

    def found(self) -> Found:
        """Return it as readers do."""
        raise NotImplementedError


def find_grus(dataflow: Dataflow) -> list[GraphGRU]:
    """Return every GRU of a file's graphs, in the order in which they run.

    Raises
    ------
    MalformedFileError
        A loop or an unrolled step multiplies as a GRU does, and computes something else than any
        GRU of Keras; or a part of it cannot be told from the graph.
    """
    raise NotImplementedError
