"""The axis of time in an ONNX graph: where a sequence comes from, and whether it is reversed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gru_ref.files.formats.onnx_constants import Array, OnnxConstants, slices
from gru_ref.files.formats.onnx_graph import OnnxNode, graphs

_LONGEST = 64  # operators that are followed
_ENDLESS = (1 << 31) - 1  # and more: as far as the axis goes
_ALIKE = frozenset(("Identity", "Cast", "Dropout"))
_SPREAD = frozenset((
    "Cast", "Identity", "Squeeze", "Unsqueeze", "Reshape", "Expand", "Tile",
))  # fmt: skip


class TimeAxis(NamedTuple):
    """One axis of a value of the graph, which has `rank` of them."""

    value: str
    axis: int
    rank: int


class Origin(NamedTuple):
    """Where a sequence comes from, and whether its timesteps were put into reverse since."""

    axis: TimeAxis
    reversed: bool


def follow_time(axis: TimeAxis, constants: OnnxConstants, user: OnnxNode) -> Origin:
    """Return where the sequence comes from that `user` takes along an axis of its input.

    Raises
    ------
    MalformedFileError
        A part of the timesteps is reversed, or it cannot be told how many.
    """
    turned = False
    for _ in range(_LONGEST):
        node = constants.graph.maker(axis.value)
        if node is None or node.domain:
            break
        reverses = _reverses(node, axis, constants, user)
        if reverses is None:
            before = _axis_before(node, axis, constants)
            if before is None:
                break
            axis = before
        else:
            turned ^= reverses
            axis = axis._replace(value=node.input(0))
    return Origin(axis, turned)


def is_whole_length(name: str, axis: TimeAxis, constants: OnnxConstants) -> bool:
    """Return whether a value is, in every element, the size of an axis."""
    wanted = _size(axis, constants)
    found = _number(name, constants)
    return found is not None and (found == wanted or found == _origin(axis, constants))


def _reverses(
    node: OnnxNode, axis: TimeAxis, constants: OnnxConstants, user: OnnxNode
) -> bool | None:
    """Return whether a node reverses the axis and does no more; None for one that does not."""
    if node.kind == "ReverseSequence":
        if node.integer("time_axis") != axis.axis:
            return False if node.integer("batch_axis", 1) != axis.axis else None
        if not is_whole_length(node.input(1), axis._replace(value=node.input(0)), constants):
            raise user.part.error(
                f"{node.part.place} reverses its input by lengths that cannot be told to be all "
                "timesteps, expected go_backwards, which reverses all of them"
            )
        return True
    if node.kind == "Slice":
        taken = _slices(node, axis, constants)
        if taken is None:
            return None
        cut = taken[axis.axis]
        others = [one for i, one in enumerate(taken) if i != axis.axis]
        if (cut.step or 1) > 0:
            return None
        size = _size(axis._replace(value=node.input(0)), constants)
        if (
            cut.step == -1
            and cut.start is not None
            and not any(one != slice(None) for one in others)
        ):
            top = -1 if not isinstance(size, int) else size - 1
            from_the_end = cut.start == -1 or cut.start >= _ENDLESS or cut.start == top
            to_the_start = cut.stop <= -_ENDLESS or (
                isinstance(size, int) and cut.stop <= -size - 1
            )
            if from_the_end and to_the_start:
                return True
        raise user.part.error(
            f"{node.part.place} reverses a part of its input, expected go_backwards, which "
            "reverses all timesteps"
        )
    if node.kind == "Gather" and node.integer("axis") % axis.rank == axis.axis:
        found = constants.get(node.input(1))
        if found is not None and found.array.ndim == 1:
            places = found.array.astype(np.int64)
            size = _size(axis._replace(value=node.input(0)), constants)
            count = places.size
            if count > 1 and size == count and (places % count == np.arange(count)[::-1]).all():
                return True
            if count > 1 and (np.diff(places) < 0).any():
                raise user.part.error(
                    f"{node.part.place} puts the timesteps of its input into another order, "
                    "expected go_backwards, which reverses all of them"
                )
    return None


def _slices(node: OnnxNode, axis: TimeAxis, constants: OnnxConstants) -> tuple[slice, ...] | None:
    """Return what a node Slice takes of each axis, None if it is not constant."""
    arrays: list[Array | None] = [None]
    for name in node.inputs[1:]:
        found = constants.get(name) if name else None
        if name and found is None:
            return None
        arrays.append(None if found is None else found.array)
    try:
        return slices(node, arrays, axis.rank)
    except (IndexError, TypeError, ValueError):
        return None


def _axes(node: OnnxNode, constants: OnnxConstants) -> tuple[int, ...] | None:
    """Return the axes that a node Squeeze or Unsqueeze names, None if it names none."""
    found = constants.get(node.input(1)) if node.input(1) else None
    if found is not None:
        return tuple(int(one) for one in found.array.reshape(-1))
    return None if node.input(1) else node.integers("axes")


def _axis_before(node: OnnxNode, axis: TimeAxis, constants: OnnxConstants) -> TimeAxis | None:
    """Return the axis of a node's first input that an axis of its output is; None if there is none.

    Only of nodes that put the elements elsewhere and change none.
    """
    value = node.input(0)
    if node.kind in _ALIKE:
        return axis._replace(value=value)
    if node.kind == "Transpose":
        perm = node.integers("perm") or tuple(range(axis.rank))[::-1]
        if sorted(perm) != list(range(axis.rank)):
            return None
        return TimeAxis(value, perm[axis.axis], axis.rank)
    if node.kind in ("Squeeze", "Unsqueeze"):
        axes = _axes(node, constants)
        if axes is None:
            return None
        removed = node.kind == "Unsqueeze"
        rank = axis.rank - len(axes) if removed else axis.rank + len(axes)
        wide = {one % max(rank, axis.rank) for one in axes}
        kept = [one for one in range(max(rank, axis.rank)) if one not in wide]
        if removed:  # of the output's axes, those in `wide` are new
            return TimeAxis(value, kept.index(axis.axis), rank) if axis.axis in kept else None
        return TimeAxis(value, kept[axis.axis], rank) if axis.axis < len(kept) else None
    return None


def _origin(axis: TimeAxis, constants: OnnxConstants) -> TimeAxis:
    """Return the first value that has this axis, of the same size."""
    for _ in range(_LONGEST):
        node = constants.graph.maker(axis.value)
        if node is None or node.domain:
            break
        before = axis._replace(value=node.input(0))
        if node.kind != "ReverseSequence":
            found = _axis_before(node, axis, constants)
            if found is None:
                break
            before = found
        axis = before
    return axis


def _size(axis: TimeAxis, constants: OnnxConstants) -> int | TimeAxis:
    """Return how many elements an axis has, as far as the file says; else where it comes from."""
    for one in (axis, _origin(axis, constants)):
        shape = constants.graph.shape(one.value)
        if shape is not None and len(shape) == one.rank:
            size = shape[one.axis]
            if size is not None:
                return size
    return _origin(axis, constants)


def _number(name: str, constants: OnnxConstants) -> int | TimeAxis | None:
    """Return the one number that a value is, or the axis whose size it is."""
    for _ in range(_LONGEST):
        filled = constants.fill(name)
        if filled is not None:
            return int(filled)
        node = constants.graph.maker(name)
        if node is None or node.domain:
            return None
        if node.kind in _SPREAD:
            name = node.input(0)
        elif node.kind == "Mul":
            ones = [one for one in node.inputs if constants.fill(one) == 1]
            others = [one for one in node.inputs if one not in ones]
            if len(others) != 1:
                return None
            (name,) = others
        elif node.kind in ("Gather", "Slice"):
            return _axis_of_shape(node, constants)
        else:
            return None
    return None


def _axis_of_shape(node: OnnxNode, constants: OnnxConstants) -> int | TimeAxis | None:
    """Return the size that a node takes out of a shape."""
    place = constants.get(node.input(1))
    name = node.input(0)
    for _ in range(_LONGEST):
        maker = constants.graph.maker(name)
        if maker is None or maker.kind not in ("Cast", "Identity"):
            break
        name = maker.input(0)
    else:
        return None
    if maker is None or maker.kind != "Shape" or maker.attributes or place is None:
        return None
    if place.array.size != 1:
        return None
    shape = constants.graph.shape(maker.input(0))
    rank = len(shape) if shape is not None else 3
    index = int(place.array.reshape(-1)[0])
    if node.kind == "Slice":
        end = constants.get(node.input(2))
        if end is None or end.array.size != 1 or int(end.array.reshape(-1)[0]) != index + 1:
            return None
    if not -rank <= index < rank:
        return None
    return _size(TimeAxis(maker.input(0), index % rank, rank), constants)


def uses_of_time(axis: TimeAxis, constants: OnnxConstants, last: int) -> set[str]:
    """Return how the timesteps of a value are used: "all", "last", or not at all.

    Parameters
    ----------
    axis : TimeAxis
    constants : OnnxConstants
    last : int
        Where the last timestep of the computation is: −1, or 0 if the outputs are in reverse.
    """
    graph = constants.graph
    users: dict[str, list[OnnxNode]] = {}
    for node in graph.nodes:
        for name in dict.fromkeys(node.inputs):
            users.setdefault(name, []).append(node)
    within = {
        name
        for node in graph.nodes
        for one in graph.within(node)
        for inner in graphs(one)
        for name in (*inner.outputs, *(name for node in inner.nodes for name in node.inputs))
    }
    uses: set[str] = set()
    left, seen = [axis], {axis.value}
    while left:
        axis = left.pop()
        if axis.value in graph.outputs or axis.value in within:
            uses.add("all")
        for node in users.get(axis.value, ()):
            after = _axis_after(node, axis, constants, last)
            if isinstance(after, str):
                uses.add(after)
            elif after is not None:
                left += [after._replace(value=o) for o in node.outputs if o and o not in seen]
                seen.update(node.outputs)
    return uses


def _axis_after(
    node: OnnxNode, axis: TimeAxis, constants: OnnxConstants, last: int
) -> TimeAxis | str | None:
    """Return the axis of a node's outputs that an axis of its input is, else how it is used."""
    if node.kind == "Shape":
        return None
    if node.domain or node.input(0) != axis.value:
        return "all"
    if node.kind in (*_ALIKE, "Split", "ReverseSequence"):
        return axis if node.integer("axis") % axis.rank != axis.axis else "all"
    if node.kind == "Transpose":
        perm = node.integers("perm") or tuple(range(axis.rank))[::-1]
        return axis._replace(axis=perm.index(axis.axis)) if axis.axis in perm else "all"
    if node.kind in ("Squeeze", "Unsqueeze"):
        axes = _axes(node, constants)
        if axes is None:
            return "all"
        change = len(axes) if node.kind == "Unsqueeze" else -len(axes)
        wide = max(axis.rank, axis.rank + change)
        new = {one % wide for one in axes}
        kept = [one for one in range(wide) if one not in new]
        if node.kind == "Unsqueeze":
            return TimeAxis("", kept[axis.axis], wide)
        return TimeAxis("", kept.index(axis.axis), wide + change) if axis.axis in kept else "all"
    if node.kind == "Gather" and (found := constants.get(node.input(1))) is not None:
        at = node.integer("axis") % axis.rank
        if at == axis.axis:
            return _one_of(axis, found.array.reshape(-1).tolist(), constants, last)
        moved = found.array.ndim - 1
        return TimeAxis("", axis.axis + (moved if at < axis.axis else 0), axis.rank + moved)
    if node.kind == "Slice":
        taken = _slices(node, axis, constants)
        if taken is None:
            return "all"
        cut = taken[axis.axis]
        if cut == slice(None):
            return axis
        size = _size(axis, constants)
        end = cut.stop is None or cut.stop >= _ENDLESS or cut.stop == size
        if cut.start == -1 and end and cut.step in (None, 1):
            return "last" if last == -1 else "all"
        if isinstance(size, int):
            return _one_of(axis, list(range(size))[cut], constants, last)
        one_long = cut.start == 0 and cut.stop == 1 and cut.step in (None, 1)
        return "last" if one_long and last == 0 else "all"
    return "all"


def _one_of(axis: TimeAxis, places: list[int], constants: OnnxConstants, last: int) -> str:
    """Return whether the timesteps that are taken are the last alone."""
    size = _size(axis, constants)
    if len(places) == 1:
        place = places[0]
        if place == last or (isinstance(size, int) and place % size == last % size):
            return "last"
    return "all"
