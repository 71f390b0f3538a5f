"""Graphs of SavedModels that never end, are endless, or claim what is not there."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from parity_tests.tests.files.attacks import saved_model_writer as graphs
from parity_tests.tests.files.attacks.saved_model_writer import (
    MAIN,
    ROLES,
    Function,
    constant,
    node,
)
from parity_tests.tests.files.attacks.table import attack

ARGUMENTS = ("inputs", *ROLES)


def _calls(name: str, *called: str) -> bytes:
    """Return a function that calls others, each with all of its arguments."""
    nodes = [
        node(f"call{i}", "StatefulPartitionedCall", *ARGUMENTS, f=Function(one))
        for i, one in enumerate(called)
    ]
    return graphs.function(name, ARGUMENTS, ["call0:output:0", "call1:output:0"], nodes)


# ---- what never ends


@attack("max_depth")
def function_that_calls_itself(folder: Path) -> Path:
    return graphs.write(folder, _calls(MAIN, MAIN, MAIN))


@attack("max_objects")
def doubling_of_calls(folder: Path) -> Path:
    """2**40 calls: each function calls the next one twice."""
    names = [MAIN, *(f"f{i}" for i in range(40)), "last"]
    pairs = itertools.pairwise(names)
    functions = [_calls(name, below, below) for name, below in pairs]
    last = graphs.function("last", ARGUMENTS, ["kernel", "bias"], [])
    return graphs.write(folder, *functions, last)


@attack("max_depth")
def loop_within_itself(folder: Path) -> Path:
    inside = node("loop", "While", "i", "h", "xs", *ROLES, body=Function(graphs.BODY))
    arguments = ("i", "h", "xs", *ROLES)
    body = graphs.function(graphs.BODY, arguments, ["loop:output:0", *arguments[1:]], [inside])
    return graphs.write(folder, body, graphs.main())


@attack("stands for itself")
def cycle_of_nodes(folder: Path) -> Path:
    nodes = [node("a", "AddV2", "b:z:0", "c:output:0"), node("b", "AddV2", "a:z:0", "a:z:0")]
    nodes += [node("c", "Identity", "d:output:0"), node("d", "Identity", "c:output:0")]
    return graphs.write(folder, graphs.function(MAIN, ARGUMENTS, ["a:z:0", "c:output:0"], nodes))


@attack("depends on itself")
def step_that_is_a_cycle(folder: Path) -> Path:
    body = graphs.step().replace(b"n_sum:z:0", b"added:z:0")
    return graphs.write(folder, body, graphs.main())


@attack("max_depth")
def loop_of_tensorflow_1_within_itself(folder: Path) -> Path:
    """The value that leaves the loop is what the next pass takes."""
    nodes = [
        node("enter", "Enter", "exit", frame_name="f"),
        node("merge", "Merge", "enter", "next"),
        node("switch", "Switch", "merge", "merge"),
        node("next", "NextIteration", "exit"),
        node("exit", "Exit", "switch"),
    ]
    return graphs.write_v1(folder, nodes, "exit")


# ---- what is endless


@attack("max_objects")
def many_nodes(folder: Path) -> Path:
    """Nodes in a line, each the sum of the one before it and itself."""
    nodes = [node(f"n{i + 1}", "AddV2", f"n{i}:z:0", f"n{i}:z:0") for i in range(150_000)]
    return graphs.write(folder, graphs.function(MAIN, ARGUMENTS, ["n150000:z:0"], nodes))


@attack(None)
def long_line_of_nodes(folder: Path) -> Path:
    """As many as the limits allow: no stack of Python is that deep."""
    nodes = [node("n0", "Identity", "inputs")]
    nodes += [node(f"n{i + 1}", "AddV2", f"n{i}:z:0", f"n{i}:z:0") for i in range(20_000)]
    return graphs.write(
        folder, graphs.step(), graphs.main(*nodes, sequence="inputs", result="n20000:z:0")
    )


@attack(None)
def long_names(folder: Path) -> Path:
    """Names of 1 MiB for a node, an operator, a function and a control input."""
    long = "n" * (1 << 20)
    nodes = [
        node(long, long, "inputs", f"^{long}", f=Function(long)),
        node("call", "PartitionedCall", "inputs", f=Function(long)),
    ]
    functions = [
        graphs.function(long, ["inputs"], ["inputs"], []),
        graphs.function(MAIN, ARGUMENTS, [f"{long}:y:0", "call:output:0"], nodes),
    ]
    return graphs.write(folder, *functions)


@attack("max_objects")
def many_outputs(folder: Path) -> Path:
    """A node whose 9,999,999th output is used."""
    nodes = [node("a", "Unpack", "inputs", axis=0)]
    return graphs.write(folder, graphs.function(MAIN, ARGUMENTS, ["a:output:9999999"], nodes))


@attack("max_bytes")
def constant_of_four_tebibytes(folder: Path) -> Path:
    """One number in the file, which fills the rest of the constant."""
    whole = graphs.tensor(np.ones(1, "float32"), (1 << 20, 1 << 20))
    body = graphs.step(node("big", "Const", value=whole))
    return graphs.write(folder, body.replace(b"one:output:0", b"big:output:0"), graphs.main())


@attack("max_bytes")
def fill_of_four_tebibytes(folder: Path) -> Path:
    sizes = constant("sizes", [1 << 20, 1 << 20])
    body = graphs.step(sizes, node("big", "Fill", "sizes:output:0", "axis:output:0"))
    return graphs.write(folder, body.replace(b"one:output:0", b"big:output:0"), graphs.main())


# ---- what is not there


@attack("expected it in the library")
def function_that_is_not_there(folder: Path) -> Path:
    return graphs.write(folder, _calls(MAIN, "nobody", "nobody"))


@attack(None)
def inputs_that_are_not_there(folder: Path) -> Path:
    nodes = [node("a", "Sigmoid", "nobody:y:0"), node("b", "MatMul", "kernel", ":::", "")]
    return graphs.write(folder, graphs.function(MAIN, ARGUMENTS, ["a:y:0", "b:product:0"], nodes))


@attack("multiplied by no kernel")
def variables_that_are_not_there(folder: Path) -> Path:
    return graphs.write(folder, graphs.step(), graphs.main(), captured=[99, 1 << 40, 3, 4, 4, 4])
