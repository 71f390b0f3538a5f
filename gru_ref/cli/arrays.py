"""Arrays that the user hands over: `.npy`, or `.npz` with one array in it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_array(path: Path, option: str) -> NDArray[Any]:
    """Return the array in a file.

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
        It is no file of numbers that NumPy wrote, or holds several arrays.
    """
    if path.is_dir():
        raise ValueError(f"{option} is the folder {str(path)!r}, expected a .npy file")
    what = f"{option} is {str(path)!r}"
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            array = loaded
        else:
            with loaded:
                if len(loaded.files) != 1:
                    names = ", ".join(loaded.files[:8])
                    raise ValueError(f"it holds {len(loaded.files)} arrays ({names})")
                array = loaded[loaded.files[0]]
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{what}, expected one array as numpy.save writes it: {error}") from None
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{what} with dtype {array.dtype}, expected numbers")
    return array
