"""GRUs among arrays that have names, and perhaps no more: of NumPy, safetensors and JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gru_ref.files.interpretation import grouping, layout_names
from gru_ref.files.interpretation.found import Found
from gru_ref.files.limits import Budget

_POSITIONAL = re.compile(r"arr_\d+")  # the names that numpy.savez makes up

_KERAS = {"layout": "keras"}


def found_grus(
    shapes: Mapping[str, tuple[int, ...]],
    value: Callable[[str], Any],
    is_bfloat16: Callable[[str], bool],
    budget: Budget,
) -> list[Found]:
    """Return every GRU among named arrays.

    Parameters
    ----------
    shapes : mapping
        Name → shape.
    value, is_bfloat16 : callable
        Name → the array, or attribute, and whether it is stored as bfloat16.
    budget : Budget

    Notes
    -----
    The names of another runtime come first (`layout_names`); then those that end in kernel,
    recurrent_kernel and bias; then arr_0, arr_1, …, which are taken in Keras's order; and others
    are told by their shapes.

    Raises
    ------
    MalformedFileError
        Arrays do not fit together, or names and shapes leave open what is what.
    """
    layouts = layout_names.layout_groups(shapes)
    of_layouts = {name for group in layouts for name in group.names.values()}
    rest = {name: shape for name, shape in shapes.items() if name not in of_layouts}
    found = [
        layout_names.found_layout(
            group,
            value,
            budget,
            bfloat16=any(map(is_bfloat16, group.names.values())),
        )
        for group in layouts
    ]
    groups, note = grouping.groups_by_name(rest), ""
    if not groups and not found:
        if all(_POSITIONAL.fullmatch(name) for name in shapes):
            groups = grouping.groups_by_order(rest)
            note = "its arrays have no names: taken in the order of get_weights()"
        if not groups:
            groups = grouping.groups_by_shape(rest, budget)
            note = "its arrays are told apart by their shapes alone"
    for group in groups:
        one = grouping.found_group(group, value, bfloat16=is_bfloat16(group.kernel))
        if note:  # other layouts have arrays of the same shapes
            one = replace(one, notes=(*one.notes, note), assumed=_KERAS)
        found.append(one)
    return found
