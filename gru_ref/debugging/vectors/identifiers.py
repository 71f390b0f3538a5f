"""Names of layers as names in C."""

from __future__ import annotations

import re
import unicodedata

from gru_ref.errors import shown

_LEGAL = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# C99 promises that so many letters of a name count; the longest ending takes some.
_MOST_LETTERS = 30


def identifier(name: str) -> str:
    """Return the name of a layer as the beginning of names in C.

    Examples
    --------
    >>> [identifier(name) for name in ("gru_1", "my model/gru", "crème", "2nd", "_x", "門")]
    ['gru_1', 'my_model_gru', 'creme', 'gru_2nd', 'gru_x', 'gru']
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    letters = re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")[:_MOST_LETTERS].strip("_")
    if not letters:
        return "gru"
    reserved = name.startswith("_") or letters[0].isdigit()
    return f"gru_{letters}" if reserved else letters


def check_prefix(prefix: str) -> None:
    """Refuse a prefix that no name in C may begin with.

    Raises
    ------
    ValueError
        It has other letters than A to Z, a to z, 0 to 9 and _, or begins with a digit or _.
    """
    if not _LEGAL.fullmatch(prefix):
        raise ValueError(
            f"prefix is {shown(prefix)}, expected letters of ASCII, digits and _, a letter first"
        )
