"""CRC-32C (Castagnoli) in NumPy, and the mask that LevelDB and TensorFlow store it under."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

POLYNOMIAL = 0x82F63B78  # reflected
_MASK_DELTA = 0xA282EAD8
_CHUNK = 4 << 20  # bytes worked on at a time
_LANE = 1024  # bytes that one lane covers at most
_SHORT = 32 << 10  # below, Python's loop is faster


def crc32c(data: bytes | memoryview) -> int:
    """Return the CRC-32C of `data`.

    Examples
    --------
    >>> hex(crc32c(b"123456789")), crc32c(b"")
    ('0xe3069283', 0)
    """
    view = memoryview(data)
    register = 0xFFFFFFFF
    for start in range(0, len(view), _CHUNK):
        chunk = view[start : start + _CHUNK]
        step = _by_byte if len(chunk) < _SHORT else _by_lanes
        register = step(register, chunk)
    return register ^ 0xFFFFFFFF


def unmask(stored: int) -> int:
    """Return the CRC of a stored one, which is rotated by 15 bits, plus a constant.

    Examples
    --------
    >>> hex(unmask(0xC78AB0E5))
    '0xe3069283'
    """
    rotated = (stored - _MASK_DELTA) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


def _by_byte(register: int, data: memoryview) -> int:
    table = _table()
    for byte in data:
        register = table[(register ^ byte) & 0xFF] ^ register >> 8
    return register


def _by_lanes(register: int, data: memoryview) -> int:
    """Return the register after `data`, of at least four bytes.

    The data is cut into lanes of equal length that NumPy works on side by side; neighbours are then
    joined in pairs, for register(A + B) = shift(register(A), len(B)) ^ register(B). The first lane
    is filled up with zeros in front, which change nothing while the register is zero: so the
    register to start from goes into the first four bytes of the data.
    """
    lanes = 1 << ((len(data) - 1) // _LANE).bit_length()
    length = -(-len(data) // lanes)
    length += -length % 4
    padded = np.zeros(lanes * length, np.uint8)
    first = padded.size - len(data)
    padded[first:] = np.frombuffer(data, np.uint8)
    padded[first : first + 4] ^= np.frombuffer(register.to_bytes(4, "little"), np.uint8)
    words = padded.view("<u4").reshape(lanes, length // 4)
    registers: Words = np.zeros(lanes, np.uint32)
    for column in np.ascontiguousarray(words.T):
        registers = _apply(_tables(), registers ^ column)
    shift = _zeros_operator(length)
    while registers.size > 1:
        tables = _byte_tables(shift)
        registers = _apply(tables, registers[0::2]) ^ registers[1::2]
        shift = _apply(tables, shift)  # twice as many zero bytes
    return int(registers[0])


@functools.cache
def _table() -> list[int]:
    """Return what a zero byte after the register does to it, by the byte that it shifts out."""
    table = []
    for register in range(256):
        for _ in range(8):
            register = register >> 1 ^ (POLYNOMIAL if register & 1 else 0)
        table.append(register)
    return table


@functools.cache
def _tables() -> Words:
    """Return what four zero bytes after the register do to it, by its bytes: (4, 256)."""
    rows = [np.array(_table(), np.uint32)]
    for _ in range(3):
        rows.append(rows[0][rows[-1] & 0xFF] ^ rows[-1] >> 8)
    return np.stack(rows[::-1])


def _apply(tables: Words, register: Words) -> Words:
    """Apply a linear operator, given by the four bytes of its argument, to every lane."""
    result: Words = (
        tables[0][register & 0xFF]
        ^ tables[1][register >> 8 & 0xFF]
        ^ tables[2][register >> 16 & 0xFF]
        ^ tables[3][register >> 24]
    )
    return result


def _zeros_operator(length: int) -> Words:
    """Return what `length` zero bytes, a multiple of four, do to each bit of the register."""
    operator: Words = np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32))
    for _ in range(length // 4):
        operator = _apply(_tables(), operator)
    return operator


def _byte_tables(operator: Words) -> Words:
    """Return the (4, 256) tables of an operator that is given by its 32 columns."""
    tables = np.zeros((4, 256), np.uint32)
    values = np.arange(256)
    for bit in range(32):
        tables[bit // 8][values >> bit % 8 & 1 == 1] ^= operator[bit]
    return tables
