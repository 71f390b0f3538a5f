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

SEED = 2  # of every choice that is drawn: the choices within cases, and the witnesses

ARGUMENT_AXES = (
    "implementation",
    "return_sequences",
    "return_state",
    "go_backwards",
    "unroll",
    "time_major",
    "use_cudnn",
    "zero_output_for_mask",
    "use_bias",
    "reset_after",
)


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
            if level != table.AXES[axis]["levels"][0]
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
        return rates[(drawn(self.layer_levels or self.levels, "rate") + shift) % len(rates)]

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
            if axis in self.levels and self.levels[axis] != table.AXES[axis]["levels"][0]:
                arguments[axis] = self.levels[axis]
        return arguments


def expand(sweep: str, oracle: str) -> tuple[Case, ...]:
    """Return the cases of a sweep; none if it is not one of the oracle's.

    A case that an earlier sweep of the table holds already is left to that sweep.
    """
    return tuple(case for case in _cases_of(oracle).values() if case.sweep == sweep)


def find(oracle: str, case_id: str) -> Case:
    """Return the case of an id.

    Raises
    ------
    LookupError
        No sweep of the oracle has such a case.
    """
    try:
        return _cases_of(oracle)[case_id]
    except KeyError:
        raise LookupError(
            f"case is {case_id!r}, expected the id of one of the {len(_cases_of(oracle))} cases "
            f"of {oracle}"
        ) from None


def ids(oracle: str) -> list[str]:
    """Return the ids of an oracle's cases, in the order of the sweeps."""
    return list(_cases_of(oracle))


def is_held(oracle: str, case_id: str) -> bool:
    """Return whether a sweep of the oracle has the case."""
    return case_id in _cases_of(oracle)


def shows_mistakes(case: Case) -> bool:
    """Return whether the mistakes of people who port a GRU are tried on this case too."""
    one_of = table.SWEEPS[case.sweep]["mistakes_in_one_of"]
    return one_of is not None and drawn(case.id, "mistakes") % one_of == 0


@functools.lru_cache
def _cases_of(oracle: str) -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for sweep, row in table.SWEEPS.items():
        if oracle in row["oracles"]:
            for case in _expanded(sweep, row, oracle):
                cases.setdefault(case.id, case)
    return cases


def _expanded(sweep: str, row: Mapping[str, Any], oracle: str) -> Iterator[Case]:
    """Yield the cases of one sweep."""
    sizes = USUAL._replace(timesteps=row.get("timesteps", USUAL.timesteps))
    defaults = {axis: levels[0] for axis, levels in covering.axes_of(oracle).items()}
    for lane in row["lanes"]:
        for chosen in _chosen(row, oracle):
            levels = {axis: chosen.get(axis, default) for axis, default in defaults.items()}
            names = (
                chosen.get("activation", "tanh"),
                chosen.get("recurrent_activation", "sigmoid"),
            )
            activations = _exact_activations(levels) if lane == "exact" else names
            yield Case(oracle, lane, levels, *activations, table.LANES[lane]["dtype"], sizes, sweep)


def _chosen(row: Mapping[str, Any], oracle: str) -> Iterator[dict[str, Any]]:
    """Yield the levels, and the activations if any, that a sweep names for each of its cases."""
    if "strength" in row:
        axes = covering.axes_of(oracle, row["fixed"])
        yield from covering.covering_rows(axes, row["strength"], covering.impossible_of(oracle))
    else:
        for product in row["rows"][oracle]:
            for values in itertools.product(*product.values()):
                yield dict(zip(product, values, strict=True))


def _exact_activations(levels: Mapping[str, Any]) -> tuple[str, str]:
    """Return the activation and recurrent_activation of a row of the exact lane."""
    pairs = table.EXACT_ACTIVATIONS[levels["stateful"]]
    return pairs[drawn(levels, "activations") % len(pairs)]


def drawn(what: object, purpose: str) -> int:
    """Return a number that is settled by its arguments and SEED, and looks random."""
    text = f"{SEED} {purpose} {what}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")
