"""Golden vectors as one raw little-endian file, and the JSON that says where each array lies."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.vectors.golden import VectorSet

Array = NDArray[Any]

# Every array begins at a multiple of so many bytes.
_ALIGNMENT = 8


def files(vectors: VectorSet, prefix: str, stem: str) -> dict[str, bytes]:
    """Return the raw file and its description by their names."""
    data, arrays = b"", {}
    for name, array in named_arrays(vectors).items():
        data += bytes(-len(data) % _ALIGNMENT)
        stored = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        arrays[name] = {
            "dtype": "uint8" if array.dtype == bool else array.dtype.name,
            "shape": list(array.shape),
            "offset": len(data),
            "bytes": stored.nbytes,
        }
        data += stored.tobytes()
    described = {
        "format": "gru_ref raw vectors",
        "file": f"{stem}.bin",
        "byte_order": "little",
        "array_order": "C: the last index runs fastest",
        "arrays": arrays,
        **vectors.facts,
    }
    text = json.dumps(described, indent=1, allow_nan=False) + "\n"
    return {f"{stem}.bin": data, f"{stem}.bin.json": text.encode()}


def named_arrays(vectors: VectorSet) -> dict[str, Array]:
    """Return the weights, and the arrays of every vector as "vector/name"."""
    arrays = {}
    for name, array in vectors.weights.items():
        made = vectors.quantised.get(name)
        if made is None:
            arrays[name] = array
        else:
            arrays |= {name: made.codes, f"{name}_scales": made.scales.astype(array.dtype)}
    for one in vectors.vectors:
        arrays |= {f"{one.name}/{name}": array for name, array in one.arrays.items()}
    return arrays
