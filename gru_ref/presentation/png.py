"""A picture of a few colours as a PNG, for a page that holds it itself."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int, int]  # red, green, blue, opacity: 0 to 255


def png_uri(pixels: NDArray[Any], palette: Sequence[Colour]) -> str:
    """Return a picture as the data URI of an indexed PNG.

    Parameters
    ----------
    pixels : (height, width), uint8
        Indices into the palette.
    palette : sequence of Colour
        At most 256.

    Source
    ------
    Portable Network Graphics (PNG) Specification (Third Edition), W3C, sections 5, 7 and 11.
    """
    height, width = pixels.shape
    rows = np.zeros((height, width + 1), np.uint8)  # the first byte of a row: it is not filtered
    rows[:, 1:] = pixels
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(part for colour in palette for part in colour[:3])),
        (b"tRNS", bytes(colour[3] for colour in palette)),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"
