"""How runtimes name the activations of gates and candidate: in one attribute, or in two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.errors import shown
from gru_ref.keras.activations.tables import Function
from gru_ref.layouts.conversion_input import attribute


def two_functions(
    mapping: Mapping[str, Any], functions: Mapping[str, Function]
) -> tuple[Function, Function]:
    """Return the functions of the gates and of the candidate.

    Raises
    ------
    ValueError
        There are not two names, or one is unknown.
    """
    names = [str(name) for name in mapping["activations"]]
    if len(names) != 2:
        raise ValueError(f"activations is {shown(names)}, expected [gates, candidate]")
    named = {f"activations[{place}]": name for place, name in enumerate(names)}
    gates, candidate = (functions[attribute(named, place, tuple(functions))] for place in named)
    return gates, candidate


def named_functions(
    mapping: Mapping[str, Any], functions: Mapping[str, Function], gates: str, candidate: str
) -> dict[str, Function]:
    """Return the functions of two attributes, as keywords of `gru_ref.layouts.arguments.arguments`.

    Parameters
    ----------
    gates, candidate : str
        What the runtime calls the two attributes.

    Raises
    ------
    ValueError
        One is unknown; the message names the attribute.
    """
    return {
        place: functions[attribute(mapping, name, tuple(functions))]
        for place, name in (("gates", gates), ("candidate", candidate))
    }
