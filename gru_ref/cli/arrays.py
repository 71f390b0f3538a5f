"""Arrays that the user gives in `.npy` and `.npz` files."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats.float_arrays import BFLOAT16, from_bfloat16


def load_arrays(path: Path, option: str) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """Return the array of a `.npy`, or the arrays of a `.npz` by their names.

    Parameters
    ----------
    path : Path
    option : str
        For the messages: "--inputs".

    Raises
    ------
    OSError
        The file cannot be opened.
    ValueError
        It is no file that NumPy wrote, is damaged, or holds Python objects.
    """
    if path.is_dir():
        raise ValueError(f"{option} is the folder {str(path)!r}, expected a .npy or .npz file")
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            return {name: found[name] for name in found.files}
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        # NumPy takes whatever it does not know for a pickle, and says how to run it.
        why = "it is neither, or holds Python objects" if "pickle" in str(error) else str(error)
        raise ValueError(
            f"{option} is {str(path)!r}, expected arrays as numpy.save or numpy.savez writes "
            f"them: {why}"
        ) from None


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


def read_array(path: Path, option: str) -> NDArray[Any]:
    """Return the one array of numbers in a file, bfloat16 in float32; see `load_arrays`.

    Raises
    ------
    OSError, ValueError
        As `sole_array`; or there are other things than numbers in it.
    """
    array = sole_array(path, option)
    if array.dtype == BFLOAT16:
        array = from_bfloat16(array)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{option} is {str(path)!r} with dtype {array.dtype}, expected numbers")
    return array
