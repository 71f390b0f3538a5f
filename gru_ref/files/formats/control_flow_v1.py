"""Loops of TensorFlow 1, which are cycles of nodes: which values each carries from pass to pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from gru_ref.files.formats.graph_def import GraphFunction, GraphNode

ENTER = ("Enter", "RefEnter")
_MERGE = ("Merge", "RefMerge")
_NEXT = ("NextIteration", "RefNextIteration")


@dataclass(frozen=True)
class Frame:
    """One loop, by what it carries: the four tuples have an element for each such value.

    Parameters
    ----------
    name : str
    starts : tuple of str
        The tensor that the value is before the loop.
    inside : tuple of str
        What it is called in a pass.
    nexts : tuple of str
        The tensor that it is in the next pass.
    exits : tuple of str
        The node that it is after the loop; empty if it is not used there.
    """

    name: str
    starts: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    nexts: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()


@dataclass
class _Users:
    """What takes the value of a merge: its switch, and what leaves the loop."""

    switches: dict[str, str] = field(default_factory=dict)
    exits: dict[str, str] = field(default_factory=dict)


def is_invariant(node: GraphNode) -> bool:
    """Return whether a node hands a value from around a loop to every pass of it."""
    return node.op in ENTER and bool(node.number("is_constant"))


def frames(function: GraphFunction) -> list[Frame]:
    """Return the loops of a graph.

    Source
    ------
    tensorflow/python/ops/control_flow_ops.py of TensorFlow 1.15: a value enters a loop by Enter,
    Merge takes it or that of NextIteration, and Switch hands it to a pass, or to Exit.
    """
    users = _Users()
    for node in function.nodes.values():
        source = node.inputs[0].partition(":")[0] if node.inputs else ""
        if node.op in ("Switch", "RefSwitch"):
            users.switches.setdefault(source, node.name)
        elif node.op in ("Exit", "RefExit"):
            users.exits.setdefault(source, node.name)
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for node in function.nodes.values():
        if node.op not in _MERGE:
            continue
        sources = [function.nodes.get(one.partition(":")[0]) for one in node.inputs]
        enter = next((one for one in sources if one is not None and one.op in ENTER), None)
        following = next((one for one in sources if one is not None and one.op in _NEXT), None)
        switch = users.switches.get(node.name)
        if enter is None or following is None or switch is None:
            continue
        if enter.inputs and following.inputs:
            carried = (enter.inputs[0], f"{switch}:1", following.inputs[0])
            found.setdefault(enter.text("frame_name"), []).append(
                (*carried, users.exits.get(switch, ""))
            )
    return [Frame(name, *zip(*values, strict=True)) for name, values in found.items()]
