"""The Bidirectional and the RNN that paths show, in files that hold no configs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gru_ref.files.interpretation.found import Found, Wrapper
from gru_ref.files.interpretation.grouping import role_in_path

# Where the cells of a stack are: groups of HDF5 and of objects, or the names of variables.
_STACK = re.compile(r"(?P<stack>.*/(?:cell/cells|stacked_rnn_cells(?:_\d+)?))/(?P<cell>[^/]+)")


def with_stacks(found: Sequence[Found], places: Iterable[str]) -> list[Found]:
    """Return GRUs that no config describes, with the stacks of cells that their paths show.

    Parameters
    ----------
    found : sequence
    places : iterable of str
        The paths of everything in the file that has arrays, GRU or not: one of them inside the
        group of a stack is a cell of it.
    """
    stacks: dict[str, list[Found]] = {}
    for one in found:
        if one.config is None and (match := _STACK.fullmatch(one.path)):
            stacks.setdefault(match["stack"], []).append(one)
    if not stacks:
        return list(found)
    cells: dict[str, set[str]] = {group: set() for group in stacks}
    for place in places:
        if (match := _STACK.match(place)) and match["stack"] in cells:
            cells[match["stack"]].add(match["cell"])
    within: dict[Found, tuple[tuple[Wrapper, int], ...]] = {}
    for group, members in stacks.items():
        if len(cells[group]) == len(members):  # every cell is a GRUCell
            source = f"the group of its cells, {group}"
            wrapper = Wrapper("RNN", len(members), members[0].names[:-1], source=source)
            within |= {one: ((wrapper, k),) for k, one in enumerate(members)}
    return [replace(one, within=within.get(one, one.within)) for one in found]


def with_directions(found: Sequence[Found]) -> list[Found]:
    """Return GRUs, those that no config describes with the Bidirectional that their paths show.

    ``…/forward_NAME/…`` and ``…/backward_NAME/…`` are the two layers of one, and so are the only
    two of one place, whatever their names. So are the directions of a node of ONNX.
    """
    sides: dict[str, dict[str, list[Found]]] = {}
    for one in found:
        parent, own = _side(one)
        if own and one.config is None:
            sides.setdefault(parent, {}).setdefault(own, []).append(one)
    within: dict[Found, tuple[tuple[Wrapper, int], ...]] = {}
    for parts in sides.values():
        for pair in _pairs(list(parts)):
            first = parts[pair[0]][0]
            names = first.within[0][0].names if first.within else first.names
            source = f"the names {pair[0]} and {pair[1]}"
            wrapper = Wrapper("Bidirectional", 2, names[:-1], source=source)
            for number, own in enumerate(pair):
                within |= {one: ((wrapper, number), *one.within) for one in parts[own]}
    return [replace(one, within=within.get(one, one.within)) for one in found]


def _side(one: Found) -> tuple[str, str]:
    """Return the place of what may be one of two directions, and its own name there."""
    parent, role = role_in_path(one.path)
    if role:
        return parent, one.path[len(parent) + 1 :].partition("/")[0]
    parent, _, own = one.path.rpartition("/")
    of_node = own == "forward" or (own == "reverse" and one.already_known.get("go_backwards"))
    return (parent, own) if parent and of_node else ("", "")


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the names of the forward and the backward layer of each Bidirectional of a place."""
    forward = [name for name in names if name.startswith("forward")]
    backward = [name for name in names if name.startswith(("backward_", "reverse"))]
    if len(forward) == len(backward) == 1:
        return [(forward[0], backward[0])]
    twins = [(name, f"backward_{name.removeprefix('forward_')}") for name in forward]
    others = set(backward)
    return [pair for pair in twins if pair[1] in others]
