"""What is measured: sizes and kinds of calls, with the numbers that each peer gets."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
# The kernel, recurrent kernel and bias of a GRU, as Keras has them.
Weights = tuple[Array, Array, Array]

STREAM_STEPS = 100  # different inputs of a stream, which come again and again


@dataclass(frozen=True)
class Problem:
    """One kind of call, with its sizes.

    A call takes a NumPy array and returns one. For "handed" and "kept" it runs one timestep: the
    state is handed back by the caller, or kept by a stateful layer.
    """

    batch: int
    timesteps: int
    features: int
    units: int
    label: str = ""  # of a variant
    dtype: str = "float32"
    reset_after: bool = True
    mask: bool = False
    initial_state: bool = False
    sequences: bool = True
    arrangement: Literal["one", "bidirectional", "two layers", "stacked cells"] = "one"
    state: Literal["inside", "handed", "kept"] = "inside"

    @property
    def shape(self) -> str:
        """The four sizes, as the command takes them."""
        return f"{self.batch},{self.timesteps},{self.features},{self.units}"

    @property
    def name(self) -> str:
        """The shape, and what is special."""
        return f"{self.shape} {self.label}".rstrip()

    @property
    def file_name(self) -> str:
        """The name as one word."""
        return self.name.replace(" ", "-").replace(",", "-")

    @property
    def streams(self) -> bool:
        """Whether a call is one timestep of endless input."""
        return self.state != "inside"

    @functools.cached_property
    def weights(self) -> list[Weights]:
        """Random weights of each GRU, so large that all gates are alive."""
        rng = np.random.default_rng(1)
        features = [self.features]
        if self.arrangement != "one":
            features.append(self.features if self.arrangement == "bidirectional" else self.units)

        def normal(scale: float, *shape: int) -> Array:
            return (rng.normal(size=shape) * scale).astype(self.dtype)

        return [
            (
                normal(F**-0.5, F, 3 * self.units),
                normal(self.units**-0.5, self.units, 3 * self.units),
                normal(0.5, *((2,) if self.reset_after else ()), 3 * self.units),
            )
            for F in features
        ]

    @functools.cached_property
    def x(self) -> Array:
        """The input, (batch, timesteps, features); for a stream (batch, STREAM_STEPS, features)."""
        timesteps = STREAM_STEPS if self.streams else self.timesteps
        rng = np.random.default_rng(2)
        shape = self.batch, timesteps, self.features
        # Drawn in its dtype, since a copy would count as memory of the call.
        return rng.standard_normal(shape, np.dtype(self.dtype).type)

    @functools.cached_property
    def h(self) -> Array | None:
        """The initial state, (batch, units), or None for zeros."""
        if not self.initial_state:
            return None
        rng = np.random.default_rng(3)
        return rng.normal(scale=0.5, size=(self.batch, self.units)).astype(self.dtype)

    @functools.cached_property
    def lengths(self) -> NDArray[np.int32]:
        """The timesteps that the mask leaves of each row: half to all, the first row whole."""
        rng = np.random.default_rng(4)
        lengths = rng.integers(self.timesteps // 2, self.timesteps + 1, self.batch, np.int32)
        lengths[0] = self.timesteps if self.batch > 1 else 3 * self.timesteps // 4
        return lengths

    @functools.cached_property
    def used(self) -> NDArray[np.bool_] | None:
        """The mask, (batch, timesteps): rows of different lengths, padded on the right."""
        return np.arange(self.timesteps) < self.lengths[:, np.newaxis] if self.mask else None

    @property
    def steps(self) -> list[Array]:
        """The inputs of a stream, each (batch, 1, features)."""
        return [np.ascontiguousarray(self.x[:, k : k + 1]) for k in range(self.x.shape[1])]

    def as_data(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return asdict(self)


SHAPES = (
    Problem(1, 100, 1, 32),
    Problem(1, 1, 16, 64),
    Problem(32, 50, 64, 128),
    Problem(64, 100, 256, 512),
    Problem(1, 1000, 40, 256),
    Problem(256, 20, 32, 64),
)
STREAMS = (
    Problem(1, 1, 16, 64, "state handed back", state="handed"),
    Problem(1, 1, 16, 64, "state kept", state="kept"),
)
# One of a single row, where the calls of functions cost most, and one where products do.
VARIED = (SHAPES[0], SHAPES[2])


def variants(of: Problem) -> tuple[Problem, ...]:
    """Return the other kinds of calls of a shape."""
    return (
        replace(of, label="last output", sequences=False),
        replace(of, label="reset before", reset_after=False),
        # Masked outputs are padded differently by every runtime, so the last one is compared.
        replace(of, label="mask", mask=True, sequences=False),
        replace(of, label="initial state", initial_state=True),
        replace(of, label="float64", dtype="float64"),
        replace(of, label="bidirectional", arrangement="bidirectional"),
        replace(of, label="two layers", arrangement="two layers"),
        replace(of, label="stacked cells", arrangement="stacked cells"),
    )


VARIANTS = tuple(one for shape in VARIED for one in variants(shape))

_GROWING = Problem(1, 100, 64, 64)
GROWTH = {
    "timesteps": tuple(
        replace(_GROWING, timesteps=10**k, label=label, sequences=label == "sequence")
        for label in ("last output", "sequence")
        for k in range(2, 7)
    ),
    "units": tuple(
        replace(_GROWING, units=2**k, batch=batch) for batch in (1, 32) for k in range(4, 11)
    ),
    "batch": tuple(replace(_GROWING, batch=2**k) for k in range(10)),
}
# The sizes of the model that the commands of gru-ref read.
MODEL = {"batch": 8, "timesteps": 100, "features": 40, "units": 128}
