"""Dataflows written by hand: a GRU in a loop as Keras writes it, and others that are nearly one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats.dataflow import Constant, Dataflow, Graph, Operation
from gru_ref.files.limits import Budget, Limits

Array = NDArray[Any]
BATCH, FEATURES, UNITS = 2, 3, 5


class GraphWriter:
    """Writes the operations of one graph, each under a name of its own."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.constants: dict[str, Constant] = {}

    def put(self, kind: str, *inputs: Any, count_: int = 1, **attributes: Any) -> Any:
        """Add an operation and return its output, or its outputs; arrays are constants."""
        names = tuple(one if isinstance(one, str) else self.constant(one) for one in inputs)
        outputs = tuple(f"{kind} {len(self.operations)}.{i}" for i in range(count_))
        self.operations.append(Operation(kind, names, outputs, attributes, kind.upper()))
        return outputs if count_ > 1 else outputs[0]

    def constant(self, value: Any, dtype: str = "float32") -> str:
        """Add a constant and return its name."""
        array = np.asarray(value)
        name = f"constant {len(self.constants)}"
        self.constants[name] = Constant(array.shape, dtype, lambda: array, name)
        return name

    def graph(self, name: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Graph:
        """Return what was written."""
        return Graph(name, inputs, outputs, self.operations, self.constants)


def arrays(seed: int = 0) -> list[Array]:
    """Return a kernel, a recurrent kernel and both rows of a bias, no two numbers alike."""
    draws = np.random.default_rng(seed)
    shapes = (FEATURES, 3 * UNITS), (UNITS, 3 * UNITS), (2, 3 * UNITS)
    return [draws.normal(size=shape).astype(np.float32) for shape in shapes]


Function = Callable[[GraphWriter, str], str]


def sigmoid(to: GraphWriter, value: str) -> str:
    """Write a sigmoid."""
    return to.put("sigmoid", value)


def tanh(to: GraphWriter, value: str) -> str:
    """Write a tanh."""
    return to.put("tanh", value)


def mix(to: GraphWriter, z: str, h: str, n: str) -> str:
    """Write z ∘ h + (1 − z) ∘ n."""
    kept = to.put("mul", z, h)
    return to.put("add", kept, to.put("mul", to.put("sub", np.float32(1), z), n))


def step(
    to: GraphWriter,
    x: str,
    h: str,
    *,
    after: bool = True,
    gates: Function = sigmoid,
    candidate: Function = tanh,
    mixed: Callable[[GraphWriter, str, str, str], str] = mix,
    order: str = "zrh",
) -> str:
    """Write one step and return its new state.

    Parameters
    ----------
    order : str
        The order of the columns in the constants.
    """
    kernel, recurrent, bias = (_ordered(array, order) for array in arrays())
    p = to.put("add", to.put("matmul", x, kernel), bias[0])
    parts = dict(zip(order, to.put("split", p, axis=-1, count=3, count_=3), strict=False))
    if after:
        q = to.put("add", to.put("matmul", h, recurrent), bias[1])
        others = dict(zip(order, to.put("split", q, axis=-1, count=3, count_=3), strict=False))
        z = gates(to, to.put("add", parts["z"], others["z"]))
        r = gates(to, to.put("add", parts["r"], others["r"]))
        n = candidate(to, to.put("add", parts["h"], to.put("mul", r, others["h"])))
        return mixed(to, z, h, n)
    columns = {gate: recurrent[:, i * UNITS : (i + 1) * UNITS] for i, gate in enumerate(order)}
    z = gates(to, to.put("add", parts["z"], to.put("matmul", h, columns["z"])))
    r = gates(to, to.put("add", parts["r"], to.put("matmul", h, columns["r"])))
    q = to.put("matmul", to.put("mul", r, h), columns["h"])
    return mixed(to, z, h, candidate(to, to.put("add", parts["h"], q)))


def _ordered(array: Array, order: str) -> Array:
    """Return an array whose columns are in another order of the gates."""
    blocks = dict(zip("zrh", np.split(array, 3, axis=-1), strict=True))
    return np.concatenate([blocks[gate] for gate in order], axis=-1)


def loop(
    write: Callable[[GraphWriter, str, str], str] = step,
    *,
    reverse: bool = False,
    last: bool = True,
    bodies: dict[str, Graph] | None = None,
    limits: Limits | None = None,
) -> Dataflow:
    """Return a graph that runs a step over a sequence, in a loop of (counter, outputs, state)."""
    body = GraphWriter()
    x = body.put("list_get", "sequence", "counter")
    h = write(body, x, "state")
    outputs = body.put("list_set", "outputs", "counter", h)
    counter = body.put("add", "counter", np.int32(1))
    inside = body.graph(
        "body", ("counter", "outputs", "state", "sequence"), (counter, outputs, h, "sequence")
    )
    main = GraphWriter()
    value = main.put("transpose", "x", perm=(1, 0, 2))
    value = main.put("reverse", value, axes=(0,)) if reverse else value
    sequence = main.put("list_from_tensor", value)
    outputs = main.put("list_reserve", np.int32(4))
    zeros = np.zeros((BATCH, UNITS), np.float32)
    results = main.put("loop", np.int32(0), outputs, zeros, sequence, count_=4, body="body")
    stacked = main.put("transpose", main.put("list_stack", results[1]), perm=(1, 0, 2))
    graph = main.graph("main", ("x",), (results[2] if last else stacked,))
    return dataflow(graph, {"body": inside, **(bodies or {})}, limits)


def unrolled(
    write: Callable[[GraphWriter, str, str], str] = step,
    *,
    timesteps: int = 4,
    reverse: bool = False,
) -> Dataflow:
    """Return a graph that has every timestep of a GRU written out."""
    main = GraphWriter()
    xs = main.put("unstack", "x", axis=1, count_=timesteps)
    h = "h"
    for x in reversed(xs) if reverse else xs:
        h = write(main, x, h)
    return dataflow(main.graph("main", ("x", "h"), (h,)))


def dataflow(
    graph: Graph, bodies: dict[str, Graph] | None = None, limits: Limits | None = None
) -> Dataflow:
    """Return a file's graphs, within limits."""
    return Dataflow((graph,), bodies or {}, Budget(Path("graph"), limits or Limits()))


def chain(length: int) -> Iterator[tuple[str, str]]:
    """Yield the names of successive values."""
    yield from ((f"value {i}", f"value {i + 1}") for i in range(length))
