"""GRUs among arrays that have names, and perhaps no more: of NumPy, safetensors and JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gru_ref.files.interpretation import grouping, keras_1, layout_names
from gru_ref.files.interpretation.found import Found
from gru_ref.files.limits import Budget
from gru_ref.provenance import Inference

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
            if of_keras_1 := _keras_1_grus(rest, value):
                return of_keras_1
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


def _keras_1_grus(
    shapes: Mapping[str, tuple[int, ...]], value: Callable[[str], Any]
) -> list[Found]:
    """Return the GRUs that nine arrays each are, as get_weights() of Keras 1 returns them.

    An LSTM has W, U, b four times: arrays that could be LSTMs are not taken.
    """
    names = list(shapes)
    found = []
    at = end = 0
    while at < len(names):
        if at >= end:
            gates = keras_1.count_gates([shapes[name] for name in names[at:]])
            end = at + 3 * gates
            if gates % 3 or gates % 4 == 0:
                at = max(end, at + 1)
                continue
        nine = names[at : at + 9]
        kernel, recurrent_kernel, bias = keras_1.join_arrays([value(name) for name in nine])
        source = f"its nine arrays, {nine[0]} to {nine[-1]}"
        found.append(
            Found(
                nine[0],
                kernel,
                recurrent_kernel,
                bias,
                inferred={"keras_version": Inference("1", source)},
                notes=("its arrays have no names: taken in the order of get_weights()",),
                assumed=_KERAS,
            )
        )
        at += 9
    return found
