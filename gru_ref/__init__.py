"""The executable specification of ``tf.keras.layers.GRU``, in NumPy.

`GRU` is Keras's layer, `GRUCell`, `RNN`, `StackedRNNCells` and `Bidirectional` are those around it;
`gru` and `gru_step` run its equations, which `gru_ref.core` holds. `load_layers` reads the GRUs of
a file, `to_onnx` writes one, and `gru_ref.layouts` knows those of other runtimes. Every name is
imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gru_ref.core.step import Step
    from gru_ref.core.weights import GRUWeights
    from gru_ref.debugging.doctor import diagnose
    from gru_ref.debugging.lint import lint_vectors
    from gru_ref.errors import (
        AssumptionWarning,
        KerasQuirkWarning,
        NotRepresentableError,
        UnseededError,
        UnverifiedVersionWarning,
    )
    from gru_ref.files import Limits, MalformedFileError, load_grus, load_layers
    from gru_ref.files.bundles import load_bundle, save_bundle
    from gru_ref.keras.config import GRUConfig
    from gru_ref.keras.functional import Result, gru, gru_step
    from gru_ref.keras.layers.bidirectional import Bidirectional
    from gru_ref.keras.layers.gru import GRU
    from gru_ref.keras.layers.gru_cell import GRUCell
    from gru_ref.keras.layers.rnn import RNN
    from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells
    from gru_ref.layouts.onnx_model import to_onnx
    from gru_ref.random_streams.seeds import set_random_seed
    from gru_ref.version import __version__

__all__ = [
    "GRU",
    "RNN",
    "AssumptionWarning",
    "Bidirectional",
    "GRUCell",
    "GRUConfig",
    "GRUWeights",
    "KerasQuirkWarning",
    "Limits",
    "MalformedFileError",
    "NotRepresentableError",
    "Result",
    "StackedRNNCells",
    "Step",
    "UnseededError",
    "UnverifiedVersionWarning",
    "__version__",
    "diagnose",
    "gru",
    "gru_step",
    "lint_vectors",
    "load_bundle",
    "load_grus",
    "load_layers",
    "save_bundle",
    "set_random_seed",
    "to_onnx",
]

_MODULE_OF = {
    "GRU": "keras.layers.gru",
    "RNN": "keras.layers.rnn",
    "AssumptionWarning": "errors",
    "Bidirectional": "keras.layers.bidirectional",
    "GRUCell": "keras.layers.gru_cell",
    "GRUConfig": "keras.config",
    "GRUWeights": "core.weights",
    "KerasQuirkWarning": "errors",
    "Limits": "files",
    "MalformedFileError": "files",
    "NotRepresentableError": "errors",
    "Result": "keras.functional",
    "StackedRNNCells": "keras.layers.stacked_rnn_cells",
    "Step": "core.step",
    "UnseededError": "errors",
    "UnverifiedVersionWarning": "errors",
    "__version__": "version",
    "diagnose": "debugging.doctor",
    "gru": "keras.functional",
    "gru_step": "keras.functional",
    "lint_vectors": "debugging.lint",
    "load_bundle": "files.bundles",
    "load_grus": "files",
    "load_layers": "files",
    "save_bundle": "files.bundles",
    "set_random_seed": "random_streams.seeds",
    "to_onnx": "layouts.onnx_model",
}
# Rooms that are reached as attributes, without an import of their own.
_ROOMS = ("core", "debugging", "files", "keras", "layouts", "random_streams")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
