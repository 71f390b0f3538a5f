"""The sources of random numbers: Keras's seeds and generators, TensorFlow's op seeds.

A process has one set of global seeds, as in Keras: `set_random_seed` sets them all. A layer has its
own source of mask numbers on top of these; each call of its `next` returns one `philox.Stream`.
What nothing seeds comes from the operating system's entropy, as in Keras, and cannot be repeated.
"""

from __future__ import annotations

import contextlib
import math
import operator
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gru_ref.errors import shown
from gru_ref.random_streams.philox import Stream, scrambled

# Keras's seeds are whole numbers from 1 to this.
LARGEST_KERAS_SEED = 10**9
LARGEST_INT32 = 2**31 - 1
# What an operation with a seed of its own takes where no global seed was set.
DEFAULT_GLOBAL_SEED = 87654321
# How many Philox blocks TensorFlow's generators set aside for each number of a draw.
BLOCKS_PER_NUMBER = 256


@dataclass
class _Seeded:
    """What the global seeds of one process have come to."""

    # None: nothing was seeded, and Keras takes numbers that nobody can repeat.
    global_seed: int | None = None
    # Keras 2's own generator, and (True) the one of Python that Keras 3 takes.
    keras_seeds: dict[bool, random.Random] = field(default_factory=dict)
    op_seeds: random.Random = field(default_factory=random.Random)
    # Blocks that each kernel of an operation with a seed of its own has drawn.
    drawn: dict[tuple[int, int, str], int] = field(default_factory=dict)


class EntropySeed(int):
    """A seed from the operating system's entropy: nobody can set it again by `set_random_seed`."""


_seeded = _Seeded()
_generators_enabled = False
_entropy = random.SystemRandom()


def set_random_seed(seed: int) -> None:
    """Set the seed of every draw without a seed of its own, as ``keras.utils.set_random_seed``.

    It seeds initializers and dropout of both generations, each independently of the other.
    Python's and NumPy's own generators are not changed.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 − 1.

    Raises
    ------
    ValueError
        The seed is not in that range.

    Notes
    -----
    Keras 3 and the initializers of Keras 2 take the next ``random.Random(seed).randint(1, 10**9)``;
    the masks of Keras 2 take TensorFlow's global seed with the next
    ``random.Random(seed).randint(0, 2**31 - 1)`` as the seed of each operation. So in eager mode
    any other random operation of the program between two calls advances Keras 2's masks.

    Source
    ------
    keras/src/utils/rng_utils.py (3.15.1), tf_keras/src/utils/tf_utils.py (2.21), and
    tensorflow/python/eager/context.py, _set_global_seed (TensorFlow 2.21).

    Examples
    --------
    >>> set_random_seed(1)
    >>> next_keras_seed(from_python=True), next_keras_seed(from_python=False)
    (144272510, 144272510)
    """
    global _seeded
    given: Any = seed
    if not isinstance(given, int) or not 0 <= given < 2**32:
        raise ValueError(f"seed is {shown(seed)}, expected an integer from 0 to 2**32 − 1")
    # An operation of its own seed starts again too: TensorFlow forgets its kernels.
    _seeded = _Seeded(
        seed % LARGEST_INT32,
        {from_python: random.Random(seed) for from_python in (False, True)},
        random.Random(seed),
    )


@contextlib.contextmanager
def unseeded() -> Iterator[None]:
    """Remove the global seeds inside a with block, and restore them afterwards."""
    global _seeded
    before, _seeded = _seeded, _Seeded()
    try:
        yield
    finally:
        _seeded = before


def is_seeded() -> bool:
    """Return whether `set_random_seed` fixes the draws that have no seed of their own."""
    return _seeded.global_seed is not None


def next_keras_seed(*, from_python: bool) -> int:
    """Return the next of Keras's own seeds, for an initializer or a generator that has none.

    Parameters
    ----------
    from_python : bool
        True: the seed that Keras takes from Python's ``random``; False: from its own generator.

    Returns
    -------
    int, from 1 to 10**9
        An `EntropySeed` if nothing was seeded.
    """
    if not is_seeded():
        return entropy_seed()
    return _seeded.keras_seeds[from_python].randint(1, LARGEST_KERAS_SEED)


def entropy_seed() -> EntropySeed:
    """Return a seed in Keras's range that nobody can repeat."""
    return EntropySeed(_entropy.randint(1, LARGEST_KERAS_SEED))


def entropy_stream() -> Stream:
    """Return a stream that nobody can repeat, as that of an operation without any seed.

    Source
    ------
    GuardedPhiloxRandom::Init, tensorflow/core/util/guarded_philox_random.cc (TensorFlow 2.21): two
    seeds of 64 bits from the system's random device.
    """
    k0, k1, c2, c3 = (_entropy.getrandbits(32) for _ in range(4))
    return Stream((k0, k1), (0, 0, c2, c3))


def enable_tf_random_generator(enabled: bool = True) -> None:
    """Let each Keras 2 layer that is made from now on draw from its own ``tf.random.Generator``.

    Source
    ------
    backend.experimental.enable_tf_random_generator, tf_keras/src/backend.py (2.21).
    """
    global _generators_enabled
    _generators_enabled = enabled


class RandomSource(Protocol):
    """The source of the numbers of one layer's masks, draw after draw."""

    @property
    def repeatable(self) -> bool:
        """Whether a seed fixes the next draw."""
        ...

    def next(self, place: int, shape: Sequence[int], dtype: str) -> Stream:
        """Return the stream of the next draw, which is at `place` in its call."""
        ...


class _OneSeed:
    """A source that one seed fixes, which is known when the source is made."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    @property
    def repeatable(self) -> bool:
        """Whether the seed is not from the operating system's entropy."""
        return not isinstance(self.seed, EntropySeed)


class SeedGenerator(_OneSeed):
    """The generator of a Keras 3 layer: a state [seed, count], and each draw adds 1 to count.

    Parameters
    ----------
    seed : int
    wraps : bool
        True: a seed is reduced to its last 32 bits; False: it is taken modulo 2**31 − 2.
    count : int, optional
        The number of draws so far.

    Raises
    ------
    ValueError
        The seed has more than 64 bits.

    Source
    ------
    keras/src/random/seed_generator.py and _cast_seed in keras/src/backend/tensorflow/random.py
    (3.15.1).
    """

    def __init__(self, seed: int, *, wraps: bool, count: int = 0) -> None:
        super().__init__(_within_64_bits(seed))
        self.count = count
        self._wraps = wraps

    def next(self, place: int, shape: Sequence[int], dtype: str) -> Stream:
        """Return the stream of the next draw."""
        self.count += 1
        return scrambled(self._cast(self.seed), self._cast(self.count - 1))

    def _cast(self, number: int) -> int:
        """Return the number as the int32 that TensorFlow's operation is given."""
        if self._wraps:
            return (number + 2**31) % 2**32 - 2**31
        return number % (LARGEST_INT32 - 1)


class EagerOperations:
    """Keras 2's default: each draw is an operation of TensorFlow with the next seed.

    Parameters
    ----------
    seed : int or None
        The layer's seed k: draws use k, k + 1, …. None: the next seeds of the global sequence.

    Notes
    -----
    An operation counts its draws, and TensorFlow keeps one kernel for all operations with the same
    seeds: a second layer with the same seed continues where the first one stopped, until
    set_random_seed is called.

    Source
    ------
    RandomGenerator.make_legacy_seed, tf_keras/src/backend.py (2.21); get_seed,
    tensorflow/python/framework/random_seed.py; ReserveRandomOutputs,
    tensorflow/core/util/guarded_philox_random.h (TensorFlow 2.21).
    """

    def __init__(self, seed: int | None) -> None:
        self.seed = seed

    @property
    def repeatable(self) -> bool:
        """Whether there is a seed, of the layer or of the process."""
        return self.seed is not None or is_seeded()

    def next(self, place: int, shape: Sequence[int], dtype: str) -> Stream:
        """Return the stream of the next draw."""
        if self.seed is None:
            if _seeded.global_seed is None:
                return entropy_stream()
            # Nobody draws with the same seed twice: no count to keep.
            return _operation(_seeded.global_seed, _seeded.op_seeds.randint(0, LARGEST_INT32))
        seed, self.seed = self.seed % LARGEST_INT32, self.seed + 1
        global_seed = _global_seed_or_default()
        kernel = global_seed, seed, dtype
        drawn = _seeded.drawn.get(kernel, 0)
        _seeded.drawn[kernel] = drawn + math.prod(shape) * BLOCKS_PER_NUMBER
        return _operation(global_seed, seed).skip(drawn)


class GraphOperations:
    """Keras 2's default inside a ``tf.function`` that holds one layer and nothing else that draws.

    The operations of a graph take their seeds when it is traced: k, k + 1, … for the layer's seed
    k, or 0, 1, … in the order of the graph. In every call each continues where it stopped.

    Parameters
    ----------
    seed : int or None
        The layer's seed.

    Raises
    ------
    ValueError
        A draw has another shape than in the first call: TensorFlow would trace another graph.
    """

    def __init__(self, seed: int | None) -> None:
        self.seed = seed
        self._operations: dict[int, tuple[Stream, tuple[int, ...]]] = {}

    @property
    def repeatable(self) -> bool:
        """Whether there is a seed, of the layer or of the process."""
        return self.seed is not None or is_seeded()

    def next(self, place: int, shape: Sequence[int], dtype: str) -> Stream:
        """Return the stream of the next draw."""
        if not self.repeatable:
            return entropy_stream()
        fresh = _operation(_global_seed_or_default(), (self.seed or 0) + place), tuple(shape)
        stream, traced = self._operations.get(place, fresh)
        if traced != tuple(shape):
            raise ValueError(
                f"a mask is drawn with shape {tuple(shape)}, expected {traced} as in the first "
                "call: another shape is another graph, which is another layer's here"
            )
        self._operations[place] = stream.skip(math.prod(shape) * BLOCKS_PER_NUMBER), traced
        return stream


class Generator(_OneSeed):
    """A ``tf.random.Generator``: the seed is the counter of its first block.

    Parameters
    ----------
    seed : int

    Source
    ------
    Generator.from_seed, tensorflow/python/ops/stateful_random_ops.py (TensorFlow 2.21).
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        c0, c1, c2, c3, k0, k1 = (seed >> 32 * place & 0xFFFFFFFF for place in range(6))
        self._stream = Stream((k0, k1), (c0, c1, c2, c3))

    def next(self, place: int, shape: Sequence[int], dtype: str) -> Stream:
        """Return the stream of the next draw."""
        stream = self._stream
        self._stream = stream.skip(math.prod(shape) * BLOCKS_PER_NUMBER)
        return stream


class Stateless(_OneSeed):
    """Keras 2's rng_type="stateless": every draw is the same.

    Parameters
    ----------
    seed : int
    """

    def next(self, place: int, shape: Sequence[int], dtype: str) -> Stream:
        """Return the stream of every draw.

        Raises
        ------
        ValueError
            The seed has more than 64 bits.
        """
        return scrambled(_within_64_bits(self.seed), 0)


class Entropy:
    """A source that no seed fixes: the release draws in a way that gru_ref does not repeat."""

    repeatable = False

    def next(self, place: int, shape: Sequence[int], dtype: str) -> Stream:
        """Return a stream that nobody can repeat."""
        return entropy_stream()


def rng_type_of(given: Any, force_generator: Any = False) -> str:
    """Return Keras's rng_type, the kind of generator, of a Keras 2 layer that is made now."""
    if force_generator:
        return "stateful"
    return str(given or ("stateful" if _generators_enabled else "legacy_stateful"))


def whole_seed(seed: Any) -> int | None:
    """Return a seed of Keras 2 as an int.

    Raises
    ------
    ValueError
        It is not a whole number; Keras 2 checks it only when TensorFlow draws.
    """
    try:
        return None if seed is None else operator.index(seed)
    except TypeError:
        raise ValueError(f"seed is {shown(seed)}, expected an integer or None") from None


def _within_64_bits(seed: int) -> int:
    """Return a seed that becomes a tensor of TensorFlow, which has no more bits than 64."""
    if not -(2**63) <= seed < 2**63:
        raise ValueError(f"seed is {shown(seed)}, expected an int of 64 bits")
    return seed


def _global_seed_or_default() -> int:
    return DEFAULT_GLOBAL_SEED if _seeded.global_seed is None else _seeded.global_seed


def _operation(global_seed: int, op_seed: int) -> Stream:
    """Return the stream of a stateful operation."""
    op_seed %= LARGEST_INT32
    if global_seed == op_seed == 0:
        op_seed = LARGEST_INT32  # two zeros mean "no seed" to TensorFlow
    return Stream((global_seed, 0), (0, 0, op_seed, 0))
