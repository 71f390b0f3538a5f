"""NumPy's own files: ``np.savez(file, *layer.get_weights())``, and folders of .npy files."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gru_ref.errors import shown
from gru_ref.files.formats.carried import carried_values
from gru_ref.files.formats.float_arrays import BFLOAT16, from_bfloat16
from gru_ref.files.formats.part import FilePart, open_file, read_file
from gru_ref.files.formats.zip_members import Archive
from gru_ref.files.interpretation import named_grus
from gru_ref.files.interpretation.found import Array, Found
from gru_ref.files.limits import Budget

MAGIC = b"\x93NUMPY"
_SUFFIX = ".npy"
# The header is a Python dict as text. It is matched, not evaluated.
_HEADER = re.compile(
    r"\{'descr': '(?P<dtype>[^']*)', 'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>[\dL, ]*)\),? ?\}\s*"
)
# NumPy's dtype() takes far more than this, compiles some of it, and raises nearly anything.
_PLAIN_DTYPE = re.compile(r"[<>|=]?[biufcSUV]\d{1,8}")
_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}  # of the header, by version


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU among the arrays of a .npz file or of a folder of .npy files.

    Notes
    -----
    Arrays are told as `named_grus.found_grus` tells them.

    Raises
    ------
    MalformedFileError
        A file is damaged, holds Python objects, or names and shapes leave open what is what.
    """
    if _is_npy(path, budget):
        raise budget.error(
            "",
            "it is one array, expected the two or three of a GRU: give the folder "
            "of kernel.npy, recurrent_kernel.npy and bias.npy, or a .npz file",
        )
    arrays = named_arrays(path, budget)
    shapes = {name: array.shape for name, array in arrays.items()}

    def read_array(name: str) -> Array:
        array = arrays[name]
        return from_bfloat16(array) if array.dtype == BFLOAT16 else array

    def is_bfloat16(name: str) -> bool:
        return arrays[name].dtype == BFLOAT16

    found = named_grus.found_grus(shapes, read_array, is_bfloat16, budget)
    assumed = _carried(path, budget)
    return [replace(one, assumed={**one.assumed, **assumed}) for one in found]


def named_arrays(path: Path, budget: Budget) -> dict[str, Array]:
    """Return the arrays of a .npz file or of a folder of .npy files by their names.

    Returns
    -------
    dict
        The one of a .npy file is under the name of the file; bfloat16 is as in `npy_array`.

    Raises
    ------
    MalformedFileError
        As `npy_array`.
    """
    return {
        part.place.removesuffix(_SUFFIX) or path.stem: npy_array(part)
        for part in _parts(path, budget)
    }


def npy_array(part: FilePart) -> Array:
    """Return the array that a .npy file holds; bfloat16 as its bits, |V2.

    Raises
    ------
    MalformedFileError
        It is no .npy file, it holds Python objects, or its data is not as long as it says.
    """
    if bytes(part.data[: len(MAGIC)]) != MAGIC:
        raise part.error(f"it opens with {bytes(part.data[:6])!r}, expected a .npy file")
    version = part.number("<B", len(MAGIC))
    if version not in _LENGTHS:
        raise part.error(f"its version is {version}, expected 1, 2 or 3")
    start = len(MAGIC) + 2 + (2 if version == 1 else 4)
    header = part.cut(start, part.number(_LENGTHS[version], len(MAGIC) + 2))
    matched = _HEADER.fullmatch(header.text())
    if matched is None or len(matched["shape"]) > 100:
        raise part.error(f"its header is {header.text()[:60]!r}, expected one plain array")
    descr = matched["dtype"]
    if "O" in descr:
        raise part.error(
            "it holds Python objects, a pickle, which can run code when it is read: gru_ref reads "
            "none; save the arrays with numpy.savez(file, *layer.get_weights())"
        )
    data = part.cut(start + len(header), len(part) - start - len(header))
    try:
        if not _PLAIN_DTYPE.fullmatch(descr):
            raise ValueError
        dtype = np.dtype(descr)
    except (TypeError, ValueError):
        raise part.error(
            f"its dtype is {shown(descr)}, expected a plain one such as '<f4'"
        ) from None
    try:
        shape = tuple(int(size.rstrip("L")) for size in matched["shape"].split(",") if size.strip())
    except ValueError:
        raise part.error(f"its shape is ({matched['shape']}), expected sizes") from None
    if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != len(data):
        raise part.error(f"it claims shape {shape} of {dtype} and has {len(data):,} bytes of data")
    try:
        order: Literal["F", "C"] = "F" if matched["fortran"] == "True" else "C"
        return np.ndarray(shape, dtype, data.data, order=order)
    except ValueError:  # a size of 0 beside one that NumPy does not have
        raise part.error(f"its shape is {shape}, expected sizes that NumPy has") from None


def _carried(path: Path, budget: Budget) -> dict[str, Any]:
    """Return what was assumed before the arrays were converted to this file."""
    if path.is_dir():
        return {}
    with open_file(path, budget) as stream:
        return carried_values(Archive(stream, budget).comment)


def _is_npy(path: Path, budget: Budget) -> bool:
    if path.is_dir():
        return False
    with open_file(path, budget) as stream:
        return stream.read(len(MAGIC)) == MAGIC


def _parts(path: Path, budget: Budget) -> Iterator[FilePart]:
    """Yield every .npy file, named."""
    if path.is_dir():
        for entry in sorted(path.iterdir()):
            if entry.suffix == _SUFFIX:
                yield read_file(entry, budget, entry.name)
        return
    if _is_npy(path, budget):
        yield read_file(path, budget)
        return
    with open_file(path, budget) as stream:
        archive = Archive(stream, budget)
        for name in archive.names:
            if name.endswith(_SUFFIX):
                yield FilePart(memoryview(archive.read(name)), name, budget)
