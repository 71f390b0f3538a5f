"""A diagnosis in words: what is known, what is open, what to do next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gru_ref.debugging.doctor.diagnosis import Diagnosis, Explanation, Reading

WIDTH = 80
_MOST = 8
_LABELS = {
    "kernel": "kernel",
    "recurrent_kernel": "recurrent kernel",
    "gates": "gates",
    "bias": "bias",
    "reset_after": "reset",
    "z_keeps_old": "z is the share of",
    "activation": "activation",
    "recurrent_activation": "recurrent activation",
    "direction": "direction",
    "output": "output",
    "time_major": "inputs",
    "output_time_major": "outputs",
}
_INDENT = max(map(len, _LABELS.values())) + 4


def text(diagnosis: Diagnosis) -> str:
    """Return everything a diagnosis says, in lines of 80 columns."""
    return "\n".join(_lines(diagnosis))


def headline(diagnosis: Diagnosis) -> str:
    """Return the verdict in one sentence."""
    count = len(diagnosis.explanations)
    if not count:
        return "No layout explains this."
    if count == 1:
        return "One layout explains the outputs."
    return f"{count} layouts explain the outputs; other inputs tell them apart."


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield headline(diagnosis)
    for number, explanation in enumerate(diagnosis.explanations[:_MOST]):
        yield ""
        if len(diagnosis.explanations) > 1:
            yield f"[{number}]"
        yield from _explanation(explanation)
    left = len(diagnosis.explanations) - _MOST
    if left > 0:
        yield f"... and {left} more"
    if diagnosis.explanations:
        yield ""
        yield from _wrapped(f"Rounding: {diagnosis.rounding}.")
    for spot in diagnosis.blind_spots:
        yield from _wrapped(f"Blind spot: {spot}.")
    for limit in diagnosis.limits:
        yield from _wrapped(f"Not tried: {limit}.")
    if diagnosis.probe is not None:
        yield from _wrapped(_next(diagnosis))
    if not diagnosis.explanations:
        yield from _nothing(diagnosis)


def _explanation(explanation: Explanation) -> Iterator[str]:
    for field, label in _LABELS.items():
        said = list(dict.fromkeys(_said(field, reading) for reading in explanation.readings))
        lines = textwrap.wrap(" | ".join(said[:_MOST]), WIDTH - _INDENT)
        for number, line in enumerate(lines):
            yield f"  {label if number == 0 else '':{_INDENT - 2}}{line}"
    known = ", ".join(explanation.known_as) or "no runtime known here"
    yield from (
        f"  {'as' if number == 0 else '':{_INDENT - 2}}{line}"
        for number, line in enumerate(textwrap.wrap(known, WIDTH - _INDENT))
    )
    yield f"  {'largest error':{_INDENT - 2}}{explanation.error:.2g}"
    if len(explanation.readings) > 1:
        yield f"  {len(explanation.readings)} readings are one function with these weights."


def _said(field: str, reading: Reading) -> str:
    value: Any = getattr(reading, field)
    if field == "reset_after":
        return "after the recurrent product" if value else "before the recurrent product"
    if field == "z_keeps_old":
        return "the old state" if value else "the candidate"
    if field == "time_major":
        return "time first" if value else "batch first"
    if field == "output_time_major":
        return "one state" if value is None else "time first" if value else "batch first"
    return " ".join(value) if field == "gates" and len(value) == 3 else str(value)


def _next(diagnosis: Diagnosis) -> str:
    if diagnosis.undecided:
        return (
            "Next: run the probe through the source and diagnose again; some pairs stay "
            f"together ({diagnosis.undecided})."
        )
    return (
        "Next: run the probe through the source and diagnose again; any two outputs differ by "
        f"{diagnosis.separation:.2g} or more."
    )


def _nothing(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.closest is not None:
        yield ""
        yield "The closest, which does not explain it:"
        yield from _explanation(diagnosis.closest)
    yield ""
    if diagnosis.searched:
        yield f"Of {diagnosis.searched:,} hypotheses none fits. Check:"
    else:
        yield "Nothing was tried: no layout has arrays of these shapes. Check:"
    for check in diagnosis.checks:
        yield from textwrap.wrap(check, WIDTH - 4, initial_indent="  - ", subsequent_indent="    ")


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH, subsequent_indent="  ")
