"""Which runtimes lay a GRU out as a reading says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gru_ref.layouts import LAYOUTS, Facts

if TYPE_CHECKING:
    from gru_ref.debugging.doctor.diagnosis import Reading

# A runtime's letter → Keras's; any other letter is the candidate's.
_KERAS = {"z": "z", "i": "z", "r": "r"}


def runtimes(reading: Reading) -> tuple[str, ...]:
    """Return the layouts whose gates, formula and transposes are the reading's.

    Names of arrays and kinds of bias are not looked at: they are the same everywhere but for them.
    """
    return tuple(name for name, module in LAYOUTS.items() if _fits(reading, module.FACTS))


def rank(reading: Reading) -> tuple[bool, bool, bool, str]:
    """Return what readings of one function are sorted by: what is usual first."""
    return (
        not runtimes(reading),
        "alone" in reading.bias or reading.bias == "ignored",
        reading.direction != "forward",
        reading.gates,
    )


def _fits(reading: Reading, facts: Facts) -> bool:
    forms = {form.partition(" ")[0] for form in facts.reset_forms}
    gates = "".join(_KERAS.get(gate, "h") for gate in facts.gates)
    orders = {"zrh", "rzh"} if facts.name == "webnn" else {gates}
    return (
        reading.gates in orders
        and ("after" if reading.reset_after else "before") in forms
        and reading.z_keeps_old == facts.z_keeps_old
        and reading.kernel in _kernels(facts)
    )


def _kernels(facts: Facts) -> tuple[str, ...]:
    """Return how the report writes the kernel of a runtime."""
    if facts.name == "cudnn_gru":
        return ("(f, 3u), each gate transposed in place",)
    if facts.transposes == "nothing" or "as Keras" in facts.transposes:
        return ("(f, 3u)", "(3, f, u)")
    return ("(3u, f)", "(3u, f), one buffer")
