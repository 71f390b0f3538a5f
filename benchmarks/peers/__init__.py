"""Who is measured: a file for each library, imported only in a process of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.problems import Problem

# A call of a peer: what it returns is a NumPy array.
Call = Callable[[], Any]


class NotServedError(Exception):
    """A peer cannot run a problem; the message says why, as the end of a sentence."""


@dataclass(frozen=True)
class Peer:
    """One row of the tables.

    Parameters
    ----------
    name : str
        As the command takes it.
    title : str
        As the page shows it.
    module : str
        The file beside this one. Its ``make(problem, threads, *arguments)`` returns a call, or
        raises NotServedError.
    packages : tuple of str
        Those whose versions the page states.
    arguments : tuple
        What tells apart the peers of one file.
    checked : bool
        Whether its output is that of a GRU.
    timesteps : int
        The longest sequence that it runs within some seconds.
    """

    name: str
    title: str
    module: str
    packages: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    checked: bool = True
    timesteps: int = 10**5

    def make(self, problem: Problem, threads: int) -> Call:
        """Return what runs a problem once."""
        if problem.timesteps > self.timesteps:
            raise NotServedError("a call takes too long")
        module = importlib.import_module(f"{__name__}.{self.module}")
        try:
            call: Call = module.make(problem, threads, *self.arguments)
        except ModuleNotFoundError as error:
            raise NotServedError(f"{error.name} is not installed") from error
        return call

    def versions(self) -> dict[str, str]:
        """Return the versions of its packages that are installed."""
        found = {}
        for package in self.packages:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                continue
        return found


ENGINES = (
    Peer("numba", "gru_ref, numba", "gru_ref_engines", ("numba",), ("numba",), timesteps=10**6),
    Peer("numpy", "gru_ref, numpy", "gru_ref_engines", ("numpy",), ("numpy",), timesteps=10**6),
    Peer("core", "gru_ref, core", "gru_ref_engines", ("numpy",), ("core",)),
)
OTHERS = (
    Peer("onnxruntime", "ONNX Runtime", "onnx_runtime", ("onnxruntime",), timesteps=10**6),
    Peer("torch", "PyTorch", "pytorch", ("torch",)),
    Peer("litert", "LiteRT (TFLite)", "litert", ("ai-edge-litert",)),
    Peer("keras-xla", "Keras, XLA", "keras_tensorflow", ("keras", "tensorflow"), ("xla",)),
    Peer(
        "keras-function",
        "Keras, tf.function",
        "keras_tensorflow",
        ("keras", "tensorflow"),
        ("function",),
    ),
    Peer("keras-eager", "Keras, eager", "keras_tensorflow", ("keras", "tensorflow"), ("eager",)),
    Peer("keras-jax", "Keras, JAX", "keras_jax", ("keras", "jax")),
    Peer("keras-numpy", "Keras, NumPy", "keras_numpy", ("keras", "numpy")),
    Peer("onnx-reference", "onnx, reference", "onnx_reference", ("onnx",)),
    Peer("loop", "plain NumPy loop", "plain_loop", ("numpy",)),
    Peer("products", "products, h R", "products_alone", ("numpy",), ("rows",), checked=False),
    Peer(
        "products-columns",
        "products, Rᵀ hᵀ",
        "products_alone",
        ("numpy",),
        ("columns",),
        checked=False,
    ),
)
PEERS = {peer.name: peer for peer in (*ENGINES, *OTHERS)}
