"""The graph of a Functional model: calls of layers, as Keras 1 and 2 write them and as Keras 3."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gru_ref.errors import shown
from gru_ref.files.limits import Budget

_CONSTANT = "_CONSTANT_VALUE"


class LayerOutput(NamedTuple):
    """One output of one call of a layer.

    Parameters
    ----------
    layer : str
    call : int
        Which call of the layer, from 0 on.
    output : int
        Which of its outputs.
    """

    layer: str
    call: int
    output: int


@dataclass
class LayerCall:
    """One call of a layer: its arguments, in which tensors are `LayerOutput`.

    Parameters
    ----------
    first : tensor, or a list or dict of tensors
    kwargs : dict
    """

    first: Any
    kwargs: dict[str, Any] = field(default_factory=dict)

    def tensors(self) -> Iterator[LayerOutput]:
        """Yield every tensor of the call, in the order in which Keras 3 looks at them."""
        yield from tensors_in([self.first, self.kwargs])


def tensors_in(value: Any) -> Iterator[LayerOutput]:
    """Yield the tensors of nested lists and dicts, those of dicts in the order of their keys."""
    if isinstance(value, LayerOutput):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from tensors_in(inner)
    elif isinstance(value, dict):
        for name in sorted(value):
            yield from tensors_in(value[name])


@dataclass(frozen=True)
class GraphReader:
    """Reads the calls of one model.

    Parameters
    ----------
    layers : collection of str
        The names of its layers.
    budget : Budget
    place : str
        For the messages.
    """

    layers: Collection[str]
    budget: Budget
    place: str

    def calls(self, nodes: Any, *, keep_list: bool) -> list[LayerCall]:
        """Return the calls of one layer.

        Parameters
        ----------
        nodes : list
            Its ``inbound_nodes``.
        keep_list : bool
            Whether a list of one tensor is meant as a list.
        """
        if not isinstance(nodes, list):
            raise self._error(f"inbound_nodes is {shown(nodes)}, expected a list")
        return [self._call(node, keep_list) for node in nodes]

    def _call(self, node: Any, keep_list: bool) -> LayerCall:
        kwargs: list[Mapping[str, Any]] = []
        first = self._inputs(node, kwargs)
        if isinstance(first, list) and len(first) == 1 and not keep_list:
            first = first[0]
        given = kwargs[0] if kwargs else {}
        return LayerCall(first, {name: self._argument(value) for name, value in given.items()})

    def _inputs(self, data: Any, kwargs: list[Mapping[str, Any]]) -> Any:
        """Return the first argument of a call; what else the call is given goes to `kwargs`."""
        self.budget.take_objects(1, self.place)
        if self._is_tensor(data) or self._is_constant(data):
            if len(data) == 4 and isinstance(data[3], Mapping):
                kwargs.append(data[3])
            return self._value(data)
        if isinstance(data, list) and data:
            return [self._inputs(inner, kwargs) for inner in data]
        if isinstance(data, Mapping) and data:
            return {str(name): self._inputs(inner, kwargs) for name, inner in data.items()}
        raise self._error(
            f"an inbound node is {shown(data)}, expected [layer, call, output, kwargs]"
        )

    def _argument(self, data: Any) -> Any:
        self.budget.take_objects(1, self.place)
        if self._is_tensor(data) or self._is_constant(data):
            return self._value(data)
        if isinstance(data, list):
            return [self._argument(inner) for inner in data]
        if isinstance(data, Mapping):
            return {str(name): self._argument(inner) for name, inner in data.items()}
        return data

    def structure(self, data: Any) -> Any:
        """Return the inputs or outputs of a model; a list of one is that one, as in Keras 2."""
        self.budget.take_objects(1, self.place)
        if self._is_tensor(data):
            return LayerOutput(*data[:3])
        if isinstance(data, list) and data:
            inner = [self.structure(one) for one in data]
            return inner[0] if len(inner) == 1 else inner
        if isinstance(data, Mapping) and data:
            return {str(name): self.structure(inner) for name, inner in data.items()}
        raise self._error(f"an input or output is {shown(data)}, expected [layer, call, output]")

    def _is_tensor(self, data: Any) -> bool:
        return (
            isinstance(data, list)
            and len(data) in (3, 4)
            and isinstance(data[0], str)
            and data[0] in self.layers
            and type(data[1]) is int
            and type(data[2]) is int
        )

    def _is_constant(self, data: Any) -> bool:
        return isinstance(data, list) and len(data) in (3, 4) and data[:2] == [_CONSTANT, -1]

    def _value(self, data: list[Any]) -> Any:
        return LayerOutput(*data[:3]) if data[0] != _CONSTANT else data[2]

    def _error(self, reason: str) -> Exception:
        return self.budget.error(self.place, reason)


def count_from_zero(
    calls: Mapping[str, list[LayerCall]],
    outputs: Any,
    models: Collection[str],
    budget: Budget,
    place: str,
) -> tuple[dict[str, list[LayerCall]], Any]:
    """Return the calls and outputs with every call of a layer counted from 0.

    Keras 1 and 2 count from 1 where a layer is a model with inputs of its own.

    Raises
    ------
    MalformedFileError
        A call or an output is named that is not there.
    """
    named = [outputs, *(call.first for one in calls.values() for call in one)]
    named += [call.kwargs for one in calls.values() for call in one]
    first = dict.fromkeys(calls, 0)
    for tensor in (tensor for value in named for tensor in tensors_in(value)):
        if tensor.layer in models and tensor.call == len(calls[tensor.layer]):
            first[tensor.layer] = 1
    inputs = {name for name, one in calls.items() if not one}

    def counted(value: Any) -> Any:
        if isinstance(value, LayerOutput):
            call = value.call - first[value.layer]
            if not 0 <= call < (1 if value.layer in inputs else len(calls[value.layer])):
                raise budget.error(
                    place,
                    f"call {value.call} of layer {shown(value.layer)} is used, expected one of "
                    f"{len(calls[value.layer])}",
                )
            if not 0 <= value.output < budget.limits.max_objects:
                raise budget.error(
                    place, f"output {value.output} of layer {shown(value.layer)} is used"
                )
            return value._replace(call=call)
        if isinstance(value, list):
            return [counted(inner) for inner in value]
        if isinstance(value, dict):
            return {name: counted(inner) for name, inner in value.items()}
        return value

    new = {
        name: [LayerCall(counted(call.first), counted(call.kwargs)) for call in one]
        for name, one in calls.items()
    }
    return new, counted(outputs)


def layer_order(
    calls: Mapping[str, Sequence[LayerCall]],
    inputs: Sequence[str],
    outputs: Any,
    added: Mapping[tuple[str, int], Sequence[tuple[str, int]]],
    budget: Budget,
    place: str,
) -> list[str]:
    """Return the layers in the order in which Keras 3 lists them, which numbers their groups.

    Parameters
    ----------
    calls : mapping
    inputs : sequence of str
    outputs : tensor, list or dict
    added : mapping
        Nodes that are no calls of layers, and calls of layers → what else they depend on.
    budget : Budget
    place : str
        For the messages.

    Raises
    ------
    MalformedFileError
        The calls are a circle.

    Source
    ------
    map_graph in keras/src/ops/function.py (3.15.1): by depth, the largest first; layers of one
    depth in the order in which a depth-first search from the outputs meets them.
    """
    parents = _parents(calls)
    for node, more in added.items():
        parents[node] = [*parents.get(node, ()), *more]
    finished, met = _search(_calls_of(outputs), parents, budget, place)
    node_depths: dict[tuple[str, int], int] = {}
    depths: dict[str, int] = {}
    for node in reversed(finished):
        depth = max(node_depths.setdefault(node, 0), depths.get(node[0], 0))
        depths[node[0]] = node_depths[node] = depth
        for parent in parents.get(node, ()):
            node_depths[parent] = max(depth + 1, node_depths.get(parent, 0))
    for name in inputs:
        if name not in depths:
            depths[name], met[name] = 0, -1
    layers = [name for name in depths if name in calls]
    return sorted(layers, key=lambda name: (-depths[name], met[name]))


def call_order(
    calls: Mapping[str, Sequence[LayerCall]], outputs: Any, budget: Budget, place: str
) -> list[tuple[str, int]]:
    """Return the calls behind the outputs, each after those that it depends on.

    Raises
    ------
    MalformedFileError
        The calls are a circle.
    """
    return _search(_calls_of(outputs), _parents(calls), budget, place)[0]


def list_order(calls: Mapping[str, Sequence[LayerCall]]) -> list[str]:
    """Return the layers as they come, but each after those that it is called with.

    Keras 3 until 3.5 at least opens no file in which a layer is listed before what it is called
    with. A layer that is called with what comes of itself stays where it is.
    """
    parents = {
        name: dict.fromkeys(tensor.layer for call in one for tensor in call.tensors())
        for name, one in calls.items()
    }
    listed: dict[str, None] = {}
    met: set[str] = set()
    for first in calls:
        path = [] if first in met else [(first, iter(parents[first]))]
        met.add(first)
        while path:
            name, left = path[-1]
            parent = next((one for one in left if one not in met), None)
            if parent is None:
                path.pop()
                listed[name] = None
            else:
                met.add(parent)
                path.append((parent, iter(parents[parent])))
    return list(listed)


def _calls_of(value: Any) -> list[tuple[str, int]]:
    return [(tensor.layer, tensor.call) for tensor in tensors_in(value)]


def _parents(
    calls: Mapping[str, Sequence[LayerCall]],
) -> dict[tuple[str, int], list[tuple[str, int]]]:
    return {
        (name, number): _calls_of([call.first, call.kwargs])
        for name, one in calls.items()
        for number, call in enumerate(one)
    }


def _search(
    outputs: Sequence[tuple[str, int]],
    parents: Mapping[tuple[str, int], Sequence[tuple[str, int]]],
    budget: Budget,
    place: str,
) -> tuple[list[tuple[str, int]], dict[str, int]]:
    """Return the calls behind the outputs, parents first, and when each layer is met."""
    finished: dict[tuple[str, int], None] = {}
    met: dict[str, int] = {}
    for output in outputs:
        if output in finished:
            continue
        path = [(output, iter(parents.get(output, ())))]
        open_calls = {output}
        met.setdefault(output[0], len(met))
        while path:
            node, left = path[-1]
            for parent in left:
                if parent in finished:
                    continue
                if parent in open_calls:
                    raise budget.error(
                        place, f"the layers call one another in a circle, by {shown(parent[0])}"
                    )
                met.setdefault(parent[0], len(met))
                open_calls.add(parent)
                path.append((parent, iter(parents.get(parent, ()))))
                break
            else:
                path.pop()
                open_calls.remove(node)
                finished[node] = None
    return list(finished), met


def serialize(value: Any, names: Mapping[str, str]) -> Any:
    """Return an argument of a call as Keras 3 writes it; `names` has the layers' names there."""
    if isinstance(value, LayerOutput):
        # Keras 3 replaces it by the tensor of that history, whose shape and dtype it knows.
        history = [names[value.layer], value.call, value.output]
        config = {"shape": [None], "dtype": "float32", "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, list):
        return [serialize(inner, names) for inner in value]
    if isinstance(value, dict):
        return {name: serialize(inner, names) for name, inner in value.items()}
    return value
