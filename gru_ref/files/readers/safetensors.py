"""safetensors files: a JSON of names, shapes and offsets, then the bytes of the arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gru_ref.files.formats.float_arrays import check_size, float_array
from gru_ref.files.formats.json_object import parse_object
from gru_ref.files.formats.part import FilePart, file_size, open_file, read_stretch
from gru_ref.files.interpretation import named_grus
from gru_ref.files.interpretation.found import Array, Found
from gru_ref.files.limits import Budget

_LENGTH = 8
_METADATA = "__metadata__"
_FLOATS = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}


@dataclass(frozen=True)
class Tensor:
    """What the header says of one array.

    Parameters
    ----------
    dtype : str
    shape : tuple of int
    start, end : int
        Where its bytes are, after the header.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of a safetensors file.

    Notes
    -----
    Names are the user's own: arrays are told as `named_grus.found_grus` tells them.

    Raises
    ------
    MalformedFileError
        The file is damaged, or names and shapes leave open what is what.

    Source
    ------
    The format as documented in the README of github.com/huggingface/safetensors (0.8.0).
    """
    with open_file(path, budget) as stream:
        size, tensors = _header(stream, budget)
        shapes = {name: tensor.shape for name, tensor in tensors.items()}

        def array(name: str) -> Array:
            return _array(stream, _LENGTH + size, name, tensors[name], budget)

        def is_bfloat16(name: str) -> bool:
            return tensors[name].dtype == "BF16"

        return named_grus.found_grus(shapes, array, is_bfloat16, budget)


def shapes(path: Path, budget: Budget) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays by their names."""
    with open_file(path, budget) as stream:
        return {name: tensor.shape for name, tensor in _header(stream, budget)[1].items()}


def _header(stream: BinaryIO, budget: Budget) -> tuple[int, dict[str, Tensor]]:
    """Return the size of the header, and what it says."""
    size = read_stretch(stream, 0, _LENGTH, "the length of the header", budget).number("<Q", 0)
    budget.check_json(size, "the header")
    header = read_stretch(stream, _LENGTH, size, "the header", budget)
    return size, _tensors(header, file_size(stream) - _LENGTH - size)


def _tensors(header: FilePart, space: int) -> dict[str, Tensor]:
    """Return what the header says, every offset checked against the `space` after it."""
    found = parse_object(header.text(), header.place, header.budget, unique=True)
    found.pop(_METADATA, None)
    header.budget.take_objects(len(found), header.place)
    return {name: _tensor(header, name, value, space) for name, value in found.items()}


def _tensor(header: FilePart, name: str, value: Any, space: int) -> Tensor:
    here = header.cut(0, 0, name)
    if not isinstance(value, dict):
        raise here.error("it is no JSON object")
    dtype: Any = value.get("dtype")
    shape: Any = value.get("shape")
    offsets: Any = value.get("data_offsets")
    if not (isinstance(dtype, str) and _sizes(shape) and _sizes(offsets) and len(offsets) == 2):
        raise here.error("dtype, shape or data_offsets is missing or of a wrong type")
    start, end = offsets
    if not start <= end <= space:
        raise here.error(
            f"its bytes are {start:,} to {end:,}, expected them within the {space:,} after the "
            "header"
        )
    if dtype in _FLOATS:
        check_size(here, _FLOATS[dtype], tuple(shape), end - start)
    return Tensor(dtype, tuple(shape), start, end)


def _sizes(value: Any) -> bool:
    """Return whether `value` is a list of a few whole numbers, none negative."""
    return (
        isinstance(value, list)
        and len(value) < 16
        and all(type(one) is int and 0 <= one < 1 << 63 for one in value)
    )


def _array(stream: BinaryIO, start: int, name: str, tensor: Tensor, budget: Budget) -> Array:
    """Return one array, whose bytes are counted from `start`."""
    if tensor.dtype not in _FLOATS:
        raise budget.error(name, f"its dtype is {tensor.dtype}, expected {', '.join(_FLOATS)}")
    part = read_stretch(stream, start + tensor.start, tensor.end - tensor.start, name, budget)
    return float_array(part, _FLOATS[tensor.dtype], tensor.shape)
