"""Mistakes that no test of certain sizes can see, each with its proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gru_ref.debugging.mistakes.gru_run import Attempt


class Sizes(NamedTuple):
    """The sizes of a call."""

    batch: int
    timesteps: int
    features: int
    units: int

    @classmethod
    def of(cls, attempt: Attempt) -> Sizes:
        """Return the sizes of an attempt."""
        axes = attempt.calls[0].x.shape
        batch, timesteps = attempt.config.batch_and_time(axes)
        return cls(batch, timesteps, axes[2], attempt.weights.units)


class Proof(NamedTuple):
    """The proof that some mistakes change no number of a test.

    Parameters
    ----------
    mistakes : tuple of str
    holds : callable
        Sizes and attempt → whether the proof holds.
    sentence : str
    """

    mistakes: tuple[str, ...]
    holds: Callable[[Sizes, Attempt], bool]
    sentence: str


PROOFS: tuple[Proof, ...] = (
    Proof(
        ("recorded state dropped",),
        lambda _, attempt: len(attempt.calls) == 1,
        "it needs a second call, and there is only one",
    ),
    Proof(
        ("go_backwards ignored", "go_backwards added", "reversed output not flipped"),
        lambda sizes, _: sizes.timesteps == 1,
        "one timestep has no direction",
    ),
    Proof(
        ("batch and time swapped",),
        lambda sizes, _: sizes.batch == sizes.timesteps == 1,
        "one row of one timestep is the same with its axes swapped",
    ),
    Proof(
        ("features permuted",),
        lambda sizes, _: sizes.features == 1,
        "one feature has no order",
    ),
    Proof(
        (
            "units permuted",
            "recurrent kernel transposed",
            "CuDNNGRU kernels taken as GRU's",
        ),
        lambda sizes, _: sizes.units == 1,
        "one unit has no order",
    ),
    Proof(
        ("kernels reshaped for transposed",),
        lambda sizes, _: sizes.features == sizes.units == 1,
        "the kernels of one feature and one unit have no order",
    ),
    Proof(
        ("zero_output_for_mask ignored", "zero_output_for_mask added"),
        lambda sizes, _: sizes.timesteps == 1,
        "before the first timestep that is used the output is zero anyway",
    ),
    Proof(
        ("reset after for before",),
        lambda sizes, _: sizes.units == 1,
        "with one unit (r h) R is r (h R)",
    ),
    Proof(
        ("reset before for after",),
        lambda sizes, attempt: sizes.units == 1 and attempt.weights.bias is None,
        "with one unit and no bias r (h R) is (r h) R",
    ),
)


def proof_of(mistake: str, attempt: Attempt) -> str | None:
    """Return the proof that no test of an attempt's sizes sees a mistake, or None."""
    sizes = Sizes.of(attempt)
    return next(
        (p.sentence for p in PROOFS if mistake in p.mistakes and p.holds(sizes, attempt)), None
    )
