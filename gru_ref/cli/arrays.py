"""Arrays that the user gives in `.npy` and `.npz` files."""

from __future__ import annotations

import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.cli.standard_streams import STANDARD, read_standard_input
from gru_ref.files.formats.float_arrays import BFLOAT16, from_bfloat16

# What numpy.load raises for a file that is damaged, where the header of a .npy is Python, or packed
# otherwise: TypeError and OverflowError are of headers with other values in them than NumPy writes.
_OF_HEADER = (SyntaxError, tokenize.TokenError, TypeError, OverflowError)
_OF_FILE = (
    ValueError, EOFError, OSError, RuntimeError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip


def load_arrays(path: Path, option: str) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """Return the array of a `.npy`, or the arrays of a `.npz` by their names.

    Parameters
    ----------
    path : Path
        `STANDARD` is standard input.
    option : str
        For the messages: "--inputs".

    Raises
    ------
    ValueError
        The file cannot be opened, is no file that NumPy wrote, is damaged, holds Python objects or
        other files, or does not fit the memory.
    """
    if path.is_dir():
        raise ValueError(f"{option} is the folder {str(path)!r}, expected a .npy or .npz file")
    source = read_standard_input(option) if path == STANDARD else path
    try:
        loaded = np.load(source, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except MemoryError:
        raise ValueError(
            f"{option} is {str(path)!r}, expected arrays that fit the memory of this machine"
        ) from None
    except _OF_HEADER:
        raise _unreadable(path, option, "the header of an array is damaged") from None
    except _OF_FILE as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise ValueError(
                f"{option} is {str(path)!r}, which cannot be read: {error.strerror}"
            ) from None
        # NumPy takes whatever it does not know for a pickle, and says how to run it.
        why = "it is neither, or holds Python objects" if "pickle" in str(error) else str(error)
        raise _unreadable(path, option, why or type(error).__name__) from None
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # NumPy returns any other member as bytes
            raise _unreadable(path, option, f"{name} is no array")
    return arrays


def sole_array(path: Path, option: str) -> NDArray[Any]:
    """Return the one array in a file, of any dtype; see `load_arrays`.

    Raises
    ------
    OSError, ValueError
        As `load_arrays`; or there are several arrays, or none.
    """
    found = load_arrays(path, option)
    if not isinstance(found, dict):
        return found
    if len(found) != 1:
        names = ", ".join(list(found)[:8])
        raise ValueError(
            f"{option} is {str(path)!r} of {len(found)} arrays ({names}), expected one"
        )
    return next(iter(found.values()))


def read_array(path: Path | None, option: str) -> NDArray[Any] | None:
    """Return the one array of numbers in a file, bfloat16 in float32; see `load_arrays`.

    Returns
    -------
    array or None
        None where the option is not given.

    Raises
    ------
    OSError, ValueError
        As `sole_array`; or there are other things than numbers in it.
    """
    if path is None:
        return None
    return _numbers(sole_array(path, option), path, option)


def read_states(path: Path | None, option: str, names: Sequence[str]) -> list[NDArray[Any]] | None:
    """Return the states of a layer that has several, from a `.npz` that holds one of each name.

    Raises
    ------
    OSError, ValueError
        As `load_arrays`; or one of them is not there, or is no numbers.
    """
    if path is None:
        return None
    found = load_arrays(path, option)
    expected = f"expected a .npz with {', '.join(names)}"
    if not isinstance(found, dict):
        raise ValueError(f"{option} is {str(path)!r} of one array, {expected}")
    states = []
    for name in names:
        if name not in found:
            raise ValueError(f"{option} is {str(path)!r} without {name}, {expected}")
        states.append(_numbers(found[name], path, option))
    return states


def _numbers(array: NDArray[Any], path: Path, option: str) -> NDArray[Any]:
    """Return an array of numbers, bfloat16 in float32."""
    if array.dtype == BFLOAT16:
        array = from_bfloat16(array)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{option} is {str(path)!r} with dtype {array.dtype}, expected numbers")
    return array


def _unreadable(path: Path, option: str, why: str) -> ValueError:
    return ValueError(
        f"{option} is {str(path)!r}, expected arrays as numpy.save or numpy.savez writes "
        f"them: {why}"
    )
