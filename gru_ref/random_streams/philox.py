"""Philox4x32-10 and the distributions that TensorFlow's CPU kernels compute from its words.

Nothing here keeps state: the same `Stream` always gives the same words.
`gru_ref.random_streams.seeds` determines which stream a draw takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gru_ref.core.rounding import is_half
from gru_ref.errors import shown

Words = NDArray[np.uint32]

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
# The key under which TensorFlow's stateless operations scramble a seed.
SCRAMBLE_KEY = (0x3EC8F720, 0x02461E29)

_WIDE = ("float32", "float64")
_HALF_TYPES = ("float16", "bfloat16")

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
# Box–Muller takes no logarithm of less.
_SMALLEST = 1e-7
# Truncated normals lie strictly within ± this.
_LIMIT = 2.0
# How many words TensorFlow sets aside for every truncated normal.
_WORDS_RESERVED = 256


def philox4x32(counter: Words, key: Words) -> Words:
    """Return one block of four random words for every counter, by the Philox4x32-10 function.

    Equation
    --------
    Ten times: (h0, l0) = M0 · c0, (h1, l1) = M1 · c2 as high and low halves,
    c = (h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0), then k = k + (W0, W1) mod 2**32.

    Parameters
    ----------
    counter : (n, 4), uint32
    key : (2,), uint32

    Returns
    -------
    words : (n, 4), uint32

    Source
    ------
    J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11, section 3.3; the known
    answers of Random123 (tests/kat_vectors).

    Examples
    --------
    >>> [hex(word) for word in philox4x32(np.zeros((1, 4), "u4"), np.zeros(2, "u4"))[0].tolist()]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = (column.astype(np.uint64) for column in np.asarray(counter).T)
    k0, k1 = (int(word) for word in key)
    m0, m1 = (np.uint64(multiplier) for multiplier in MULTIPLIERS)
    for _ in range(ROUNDS):
        p0, p1 = m0 * c0, m1 * c2
        c0, c2 = (p1 >> _HALF) ^ c1 ^ np.uint64(k0), (p0 >> _HALF) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & _LOW, p0 & _LOW
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


@dataclass(frozen=True)
class Stream:
    """An endless sequence of random words: a key, and the counter of its first block.

    Parameters
    ----------
    key : (2,) 32-bit words, the lowest first
    counter : (4,) 32-bit words, the lowest first
    """

    key: tuple[int, int]
    counter: tuple[int, int, int, int]

    def blocks(self, places: NDArray[np.int64]) -> Words:
        """Return the blocks at `places`, counted from the stream's first.

        Parameters
        ----------
        places : (n,), int64, not negative

        Returns
        -------
        words : (n, 4), uint32
        """
        low = np.uint64(self.counter[0] | self.counter[1] << 32)
        high = np.uint64(self.counter[2] | self.counter[3] << 32)
        lows = low + places.astype(np.uint64)
        highs = high + (lows < low).astype(np.uint64)
        counter = np.stack([lows & _LOW, lows >> _HALF, highs & _LOW, highs >> _HALF], axis=1)
        return philox4x32(counter.astype(np.uint32), np.array(self.key, np.uint32))

    def words(self, count: int) -> Words:
        """Return the first `count` words of the blocks in order, (count,) uint32."""
        return self.blocks(np.arange(-(-count // 4), dtype=np.int64)).reshape(-1)[:count]

    def skip(self, blocks: int) -> Stream:
        """Return the stream that starts this many blocks later; its counter has 128 bits."""
        number = sum(word << 32 * place for place, word in enumerate(self.counter)) + blocks
        c0, c1, c2, c3 = (number >> 32 * place & 0xFFFFFFFF for place in range(4))
        return Stream(self.key, (c0, c1, c2, c3))


def scrambled(seed0: int, seed1: int) -> Stream:
    """Return the stream of a TensorFlow stateless operation with the seed [seed0, seed1].

    The seeds have 64 bits; a negative one counts as its two's complement.

    Source
    ------
    tensorflow/core/kernels/stateless_random_ops.cc, GenerateKey (TensorFlow 2.21).
    """
    seeds = [seed & 0xFFFFFFFFFFFFFFFF for seed in (seed0, seed1)]
    counter = [half for seed in seeds for half in (seed & 0xFFFFFFFF, seed >> 32)]
    mixed = philox4x32(np.array([counter], np.uint32), np.array(SCRAMBLE_KEY, np.uint32))
    k0, k1, c2, c3 = (int(word) for word in mixed[0])
    return Stream((k0, k1), (0, 0, c2, c3))


def uniform(
    stream: Stream, shape: Sequence[int], dtype: DTypeLike, *, xla: bool = False
) -> NDArray[Any]:
    """Return numbers in [0, 1), bit for bit equal to those of TensorFlow on a CPU.

    Equation
    --------
    u = (the word's low bits as the mantissa of a number in [1, 2)) − 1; float64 takes two words
    and the half types the low half of one

    Parameters
    ----------
    stream : Stream
    shape : sequence of int
    dtype : float16, bfloat16, float32 or float64
    xla : bool
        The numbers of a function compiled with jit_compile=True: the high bits of the same words,
        truncated for bfloat16. float16 is the same in both.

    Returns
    -------
    u : `shape`, `dtype`

    Raises
    ------
    ValueError
        Another dtype.

    Source
    ------
    tensorflow/core/lib/random/random_distributions_utils.h: Uint32ToFloat, Uint64ToDouble, and
    random_distributions.h: Uint16ToHalf, Uint16ToBfloat16 (TensorFlow 2.21).
    """
    dtype = _known(dtype, (*_HALF_TYPES, *_WIDE))
    if xla and dtype.name == "bfloat16":
        wide = uniform(stream, shape, np.float32, xla=True).view(np.uint32)
        return (wide >> np.uint32(16)).astype(np.uint16).view(dtype)
    xla = xla and dtype.name in _WIDE
    count = math.prod(shape)
    per_number = 2 if dtype == np.float64 else 1
    words = stream.words(per_number * count)
    return _unit(_high_bits(words, dtype) if xla else words, dtype).reshape(shape)


def normal(stream: Stream, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
    """Return standard normal numbers, within 3 ULP of those of TensorFlow on a CPU.

    Equation
    --------
    Box–Muller on neighbouring uniforms u, v: r = √(−2 · log max(u, 1e-7)), then r · sin 2πv and
    r · cos 2πv.

    Parameters
    ----------
    stream : Stream
    shape : sequence of int
    dtype : float16, bfloat16, float32 or float64

    Returns
    -------
    z : `shape`, `dtype`
        A half type is the float32 of the same words, rounded.

    Notes
    -----
    TensorFlow takes logarithm and sine from the C library of its machine, and these differ in the
    last bit. Here float32 is rounded from the float64 functions. Other dtypes raise ValueError.

    Source
    ------
    tensorflow/core/lib/random/random_distributions_utils.h: BoxMullerFloat, BoxMullerDouble
    (TensorFlow 2.21).
    """
    dtype = _known(dtype, (*_HALF_TYPES, *_WIDE))
    if is_half(dtype):
        return normal(stream, shape, np.float32).astype(dtype)
    count = math.prod(shape)
    per_number = dtype.itemsize // 4
    # Whole pairs: an odd last number is the first of its pair.
    words = stream.words(per_number * (count + count % 2))
    return _box_muller(words, dtype)[:count].reshape(shape)


def truncated_normal(stream: Stream, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
    """Return standard normal numbers within ±2, within 3 ULP of those of TensorFlow on a CPU.

    Equation
    --------
    The numbers come in groups of four (float64: of two). Each group owns 256 (float64: 128) blocks
    and keeps the normals of these with |z| < 2, in their order, until it is full.

    Parameters
    ----------
    stream : Stream
    shape : sequence of int
    dtype : float16, bfloat16, float32 or float64

    Returns
    -------
    z : `shape`, `dtype`
        A half type is the float32 of the same words, rounded.

    Raises
    ------
    ValueError
        Another dtype.

    Source
    ------
    tensorflow/core/lib/random/random_distributions.h, TruncatedNormalDistribution, and
    tensorflow/core/kernels/random_op_cpu.h, FillPhiloxRandomTask (TensorFlow 2.21).
    """
    dtype = _known(dtype, (*_HALF_TYPES, *_WIDE))
    if is_half(dtype):
        return truncated_normal(stream, shape, np.float32).astype(dtype)
    count = math.prod(shape)
    size = 16 // dtype.itemsize
    reserved = size * _WORDS_RESERVED // 4
    kept = np.empty((-(-count // size), size), dtype)
    pending = np.arange(len(kept), dtype=np.int64)
    # Two blocks fill nearly every group of numbers; what remains is drawn again with more.
    blocks = 2
    while len(pending):
        places = pending[:, None] * reserved + np.arange(blocks)
        drawn = _box_muller(stream.blocks(places.reshape(-1)).reshape(-1), dtype)
        candidates = drawn.reshape(len(pending), -1)
        inside = np.abs(candidates) < _LIMIT
        place = np.cumsum(inside, axis=1)
        full = place[:, -1] >= size
        chosen = inside & (place <= size) & full[:, None]
        kept[pending[full]] = candidates[chosen].reshape(-1, size)
        pending, blocks = pending[~full], 4 * blocks
    return kept.reshape(-1)[:count].reshape(shape)


def _known(dtype: DTypeLike, names: tuple[str, ...]) -> np.dtype[Any]:
    """Return `dtype` as one of the names."""
    if np.dtype(dtype).name not in names:
        raise ValueError(f"dtype is {shown(dtype)}, expected {' or '.join(names)}")
    return np.dtype(dtype)


def _unit(words: Words, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return numbers in [0, 1) of the words' low bits; float64 takes two words for each."""
    if dtype == np.float16:
        bits16 = (words & np.uint32(0x3FF) | np.uint32(0x3C00)).astype(np.uint16)
        return bits16.view(np.float16) - np.float16(1)
    if is_half(dtype):
        bits16 = (words & np.uint32(0x7F) | np.uint32(0x3F80)).astype(np.uint16)
        return np.asarray(bits16.view(dtype) - dtype.type(1))
    if dtype == np.float32:
        bits = words & np.uint32(0x7FFFFF) | np.uint32(0x3F800000)
        return bits.view(np.float32) - np.float32(1)
    high, low = words[::2].astype(np.uint64), words[1::2].astype(np.uint64)
    bits64 = (high & np.uint64(0xFFFFF)) << _HALF | low | np.uint64(0x3FF << 52)
    return bits64.view(np.float64) - 1.0


def _high_bits(words: Words, dtype: np.dtype[Any]) -> Words:
    """Return words whose low bits are those that XLA takes: the high ones.

    Of two words for a float64, XLA takes the second as the higher.
    """
    if dtype == np.float32:
        return words >> np.uint32(9)
    low, high = words[::2], words[1::2]
    shifted = high >> np.uint32(12), high << np.uint32(20) | low >> np.uint32(12)
    return np.stack(shifted, axis=1).reshape(-1)


def _box_muller(words: Words, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the normals of the words: a pair for every two uniforms."""
    u, v = _unit(words, dtype).reshape(-1, 2).T
    log = np.log(np.maximum(u, dtype.type(_SMALLEST)), dtype=np.float64).astype(dtype)
    radius = np.sqrt(dtype.type(-2) * log)
    angle = (2 * math.pi * v.astype(np.float64)).astype(dtype).astype(np.float64)
    pair = np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(dtype)
    normals: NDArray[Any] = pair * radius[:, None]
    return normals.reshape(-1)
