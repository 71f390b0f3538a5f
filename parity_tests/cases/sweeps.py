"""Turns the rows of the table into cases: one thing to check each, with an id to name it by."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from parity_tests.cases import covering
from parity_tests.matrix import axes as table
from parity_tests.matrix import halves
from parity_tests.matrix.axes import Sweep
from parity_tests.oracles import codec

SEED = 2  # of every choice that is drawn: the choices within cases, and the witnesses

ARGUMENT_AXES = (
    "implementation", "return_sequences", "return_state", "go_backwards", "unroll", "time_major",
    "use_cudnn", "zero_output_for_mask", "use_bias", "reset_after",
)  # fmt: skip


class CaseSizes(NamedTuple):
    """The lengths of the axes of a case's arrays."""

    batch: int
    timesteps: int
    features: int
    units: int


USUAL = CaseSizes(**table.SIZES)


@dataclass(frozen=True)
class Case:
    """One row to check: an oracle, a lane, a level of every axis and two activations."""

    oracle: str
    lane: str
    levels: Mapping[str, Any]
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    dtype: str = "float32"
    sizes: CaseSizes = USUAL
    sweep: str = field(default="", compare=False)
    # What its rates are drawn by, if not its own levels: those of a layer that cases share.
    layer_levels: Mapping[str, Any] | None = field(default=None, compare=False)

    def __hash__(self) -> int:
        return hash((self.oracle, self.id))

    @functools.cached_property
    def id(self) -> str:
        """The lane and all that differs from the default; unique within an oracle."""
        parts = [self.lane]
        if self.half:
            parts.append(self.dtype)
        if self.lane != "exact":  # there the levels decide
            parts += [
                f"{name}-{value}"
                for name, value, default in (
                    ("activation", self.activation, "tanh"),
                    ("recurrent_activation", self.recurrent_activation, "sigmoid"),
                )
                if value != default
            ]
        parts += [
            f"{axis}-{str(level).lower()}"
            for axis, level in self.levels.items()
            if level != table.AXES[axis].levels[0]
        ]
        if self.sizes.timesteps != USUAL.timesteps:
            parts.append(f"timesteps-{self.sizes.timesteps}")
        return "+".join(parts)

    @property
    def half(self) -> str:
        """The half type that the case computes in, or an empty string."""
        return self.dtype.removeprefix("mixed_") if "16" in self.dtype else ""

    @property
    def is_rounded(self) -> bool:
        """Whether the lane is one of generic numbers, which round, rather than an exact one."""
        return self.lane not in ("exact", "saturated")

    @property
    def path(self) -> str:
        """The path that the oracle takes: "fused", "loop" or "unroll"."""
        if self.levels["unroll"]:
            return "unroll"
        fused = (
            self.oracle == "keras2"
            and (self.activation, self.recurrent_activation) == ("tanh", "sigmoid")
            and self.levels["dropout"] in ("none", "input")
            and self.levels["use_bias"]
            and self.levels["reset_after"]
        )
        return "fused" if fused else "loop"

    @property
    def dropout_law(self) -> str:
        """What a mask of `dropout` differs by: "timestep", "gate", or "sequence" for neither."""
        if self.path == "fused":
            return "timestep"
        per_gate = self.levels["implementation"] == 1 or self.recurrent_dropout > 0
        return "gate" if per_gate else "sequence"

    @property
    def dropout(self) -> float:
        """The rate that the inputs are dropped at."""
        return self._rate(0) if self.levels["dropout"] in ("input", "both") else 0.0

    @property
    def recurrent_dropout(self) -> float:
        """The rate that the previous state is dropped at; another one than `dropout`."""
        return self._rate(1) if self.levels["dropout"] in ("recurrent", "both") else 0.0

    def _rate(self, shift: int) -> float:
        rates = table.DROPOUT_RATES
        return rates[(random_number(self.layer_levels or self.levels, "rate") + shift) % len(rates)]

    def constructor(self) -> dict[str, Any]:
        """Return the constructor's arguments: `units`, and those that differ from their default."""
        arguments: dict[str, Any] = {"units": self.sizes.units}
        named = (
            ("activation", self.activation, "tanh"),
            ("recurrent_activation", self.recurrent_activation, "sigmoid"),
            ("dropout", self.dropout, 0.0),
            ("recurrent_dropout", self.recurrent_dropout, 0.0),
            ("stateful", self.levels["stateful"] != "off", False),
            ("dtype", self.dtype, "float32"),
        )
        arguments.update({name: value for name, value, default in named if value != default})
        if self.dtype == "bfloat16":
            arguments["recurrent_initializer"] = "zeros"  # TensorFlow has no QR in bfloat16
        for axis in ARGUMENT_AXES:
            if axis in self.levels and self.levels[axis] != table.AXES[axis].levels[0]:
                arguments[axis] = self.levels[axis]
        return arguments


def cases(oracle: str, *, half: bool = False) -> dict[str, Case]:
    """Return the cases of an oracle by their ids, in the order of the sweeps.

    `half` asks for those of the half types. A case that an earlier sweep of the table holds already
    is left to that sweep.
    """
    return _cases(oracle, half)


def expand(sweep: str, oracle: str) -> tuple[Case, ...]:
    """Return the cases of a sweep; none if it is not one of the oracle's."""
    every = cases(oracle, half=sweep in halves.SWEEPS)
    return tuple(case for case in every.values() if case.sweep == sweep)


def find(oracle: str, case_id: str) -> Case:
    """Return the case of an id.

    Raises
    ------
    LookupError
        No sweep of the oracle has such a case.
    """
    for half in (False, True):
        if case_id in cases(oracle, half=half):
            return cases(oracle, half=half)[case_id]
    raise LookupError(f"case is {case_id!r}, expected the id of a case of {oracle}")


def shows_mistakes(case: Case) -> bool:
    """Return whether the mistakes of people who port a GRU are tried on this case too."""
    one_of = (halves.SWEEPS if case.half else table.SWEEPS)[case.sweep].mistakes_in_one_of
    if one_of is None:
        return False
    plain = all(case.levels.get(axis) == level for axis, level in table.PLAIN.items())
    return plain or random_number(case.id, "mistakes") % one_of == 0


@functools.lru_cache
def _cases(oracle: str, half: bool) -> dict[str, Case]:
    if half:
        import ml_dtypes  # which comparing float32 and float64 alone does not need

        # Arrays of bfloat16 that a worker sends are to stay that.
        codec.take_dtype(ml_dtypes.bfloat16)
    found: dict[str, Case] = {}
    for name, sweep in (halves.SWEEPS if half else table.SWEEPS).items():
        if oracle in sweep.oracles:
            for case in _sweep_cases(name, sweep, oracle):
                found.setdefault(case.id, case)
    return found


def _sweep_cases(name: str, sweep: Sweep, oracle: str) -> Iterator[Case]:
    """Yield the cases of one sweep."""
    sizes = USUAL._replace(timesteps=sweep.timesteps)
    defaults = {axis: levels[0] for axis, levels in covering.axes_of(oracle).items()}
    chosen = list(_choices(sweep, oracle))
    for lane in sweep.lanes:
        for dtype in sweep.dtypes or (table.LANES[lane]["dtype"],):
            for row in chosen:
                levels = {axis: row.get(axis, default) for axis, default in defaults.items()}
                if lane == "exact":
                    activations = sweep.exact_activations or exact_activations(levels)
                else:
                    names = ("activation", "tanh"), ("recurrent_activation", "sigmoid")
                    activations = tuple(row.get(*name) for name in names)
                yield Case(oracle, lane, levels, *activations, dtype, sizes, name)


def _choices(sweep: Sweep, oracle: str) -> Iterator[dict[str, Any]]:
    """Yield the levels, and the activations if any, that a sweep names for each of its cases."""
    if sweep.strength:
        axes = covering.axes_of(oracle, sweep.fixed)
        yield from covering.covering_rows(axes, sweep.strength, covering.impossible_of(oracle))
    else:
        for product in sweep.rows[oracle]:
            for values in itertools.product(*product.values()):
                yield dict(zip(product, values, strict=True))


def exact_activations(
    levels: Mapping[str, Any], choice: Mapping[str, Any] = table.EXACT_ACTIVATIONS
) -> tuple[str, str]:
    """Return the activation and recurrent_activation of a row of the exact lane."""
    pairs = choice[levels["stateful"]]
    return pairs[random_number(levels, "activations") % len(pairs)]


def random_number(what: object, purpose: str) -> int:
    """Return a number that is settled by its arguments and SEED, and looks random."""
    text = f"{SEED} {purpose} {what}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")
