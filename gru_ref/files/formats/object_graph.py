"""The graph of objects that TensorFlow saves beside the variables: where a GRU's arrays hang."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from gru_ref.files.formats.part import FilePart
from gru_ref.files.formats.protobuf import Message

_ROOT = 0
# What leads to copies of the weights, or to the same objects under a worse name.
_NOT_FOLLOWED = ("optimizer", "_optimizer", "keras_api", "signatures", "_all_variables")


@dataclass(frozen=True)
class TrackedObject:
    """One object.

    Parameters
    ----------
    children : dict
        Attribute name → number of the node.
    keys : dict
        What is saved of it ("VARIABLE_VALUE") → (name of the variable, key in the index).
    """

    children: Mapping[str, int]
    keys: Mapping[str, tuple[str, str]]


class ObjectGraph:
    """All objects of one file, by number; the root is number 0.

    Parameters
    ----------
    part : FilePart
        A serialized TrackableObjectGraph, or a SavedObjectGraph, which opens with the same fields.

    Raises
    ------
    MalformedFileError
        It is no such message, or a child is not among the nodes.

    Source
    ------
    trackable_object_graph.proto and saved_object_graph.proto of TensorFlow 2.21.
    """

    def __init__(self, part: FilePart) -> None:
        self.part = part
        self.nodes: list[TrackedObject] = []
        for message in Message.parse(part).messages(1):
            children = {child.text(2): child.number(1) for child in message.messages(1)}
            keys = {saved.text(1): (saved.text(2), saved.text(3)) for saved in message.messages(2)}
            self.nodes.append(TrackedObject(children, keys))
        if not self.nodes:
            raise part.error("it is an object graph without objects")
        for node in self.nodes:
            for name, number in node.children.items():
                if not 0 <= number < len(self.nodes):
                    raise part.error(
                        f"child {name!r} is object {number}, expected one of {len(self.nodes)}"
                    )

    def paths(self) -> dict[int, tuple[str, ...]]:
        """Return every object that is reached from the root with its shortest path, nearest first.

        Raises
        ------
        MalformedFileError
            The paths together are more than the limits allow.
        """
        paths: dict[int, tuple[str, ...]] = {_ROOT: ()}
        queue = deque([_ROOT])
        while queue:
            number = queue.popleft()
            path = paths[number]
            self.part.budget.check_depth(len(path), "/".join(path[:8]))
            for name, child in self.nodes[number].children.items():
                if child not in paths and name not in _NOT_FOLLOWED:
                    paths[child] = (*path, name)
                    queue.append(child)
        return paths

    def at(self, path: tuple[str, ...]) -> int | None:
        """Return the number of the object at a path from the root, if it is there."""
        number = _ROOT
        for name in path:
            if name not in self.nodes[number].children:
                return None
            number = self.nodes[number].children[name]
        return number

    def variable(self, number: int) -> tuple[str, str] | None:
        """Return name and key of what a node saves, if it is a variable."""
        return self.nodes[number].keys.get("VARIABLE_VALUE")
