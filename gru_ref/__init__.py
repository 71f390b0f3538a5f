"""The executable specification of ``tf.keras.layers.GRU``, in NumPy.

`GRU` is Keras's layer, `GRUCell`, `RNN`, `StackedRNNCells` and `Bidirectional` are those around it;
`gru` and `gru_step` are the functional core beneath it. `load_layers` reads
the GRUs of a file, `to_onnx` writes one, and `gru_ref.layouts` knows those of other runtimes: these
are imported when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gru_ref.core.loop import Result, gru
from gru_ref.core.step import Step, gru_step
from gru_ref.core.weights import GRUWeights
from gru_ref.errors import (
    KerasQuirkWarning,
    NotRepresentableError,
    UnseededError,
    UnverifiedVersionWarning,
)
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.bidirectional import Bidirectional
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.gru_cell import GRUCell
from gru_ref.keras.layers.rnn import RNN
from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells
from gru_ref.random_streams.seeds import set_random_seed

if TYPE_CHECKING:
    from gru_ref.debugging.doctor import diagnose
    from gru_ref.debugging.lint import lint_vectors
    from gru_ref.files import Limits, MalformedFileError, load_layers
    from gru_ref.files.bundles.bundle import load_bundle, save_bundle
    from gru_ref.layouts.onnx_model import to_onnx

__version__ = "0.1.0"
__all__ = [
    "GRU",
    "RNN",
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
    "diagnose",
    "gru",
    "gru_step",
    "lint_vectors",
    "load_bundle",
    "load_layers",
    "save_bundle",
    "set_random_seed",
    "to_onnx",
]

# Name → the module that has it, for what most programs never ask for.
_LATER = {
    "Limits": "gru_ref.files",
    "MalformedFileError": "gru_ref.files",
    "diagnose": "gru_ref.debugging.doctor",
    "lint_vectors": "gru_ref.debugging.lint",
    "load_bundle": "gru_ref.files.bundles.bundle",
    "load_layers": "gru_ref.files",
    "save_bundle": "gru_ref.files.bundles.bundle",
    "to_onnx": "gru_ref.layouts.onnx_model",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value
