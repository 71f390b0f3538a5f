"""The executable specification of ``tf.keras.layers.GRU``, in NumPy.

`GRU` is Keras's layer, `GRUCell`, `RNN`, `StackedRNNCells` and `Bidirectional` are those around it;
`gru` and `gru_step` run its equations, which `gru_ref.core` holds. `load_layers` reads the GRUs of
a file, `inspect` shows them, `to_onnx` writes one, and `gru_ref.layouts` knows those of other
runtimes. Where numbers differ, `diff`, `trace` and `diagnose` say why. `vectors`, `lint_vectors`
and `gru_ref.testing` are for tests of a port. Every name, and every file of the package, is
imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gru_ref.submodules import attach

if TYPE_CHECKING:
    from gru_ref import (
        core,
        debugging,
        engines,
        errors,
        files,
        keras,
        layouts,
        presentation,
        random_streams,
        testing,
    )
    from gru_ref.core.step import Step
    from gru_ref.core.weights import GRUWeights
    from gru_ref.debugging.bounds.float_format import FloatFormat
    from gru_ref.debugging.diff.comparison import diff
    from gru_ref.debugging.doctor import diagnose
    from gru_ref.debugging.lint import lint_vectors
    from gru_ref.debugging.trace import trace
    from gru_ref.debugging.vectors import vectors
    from gru_ref.errors import (
        AssumptionWarning,
        EngineWarning,
        KerasQuirkWarning,
        NotRepresentableError,
        UnseededError,
        UnverifiedVersionWarning,
    )
    from gru_ref.files import Limits, MalformedFileError, load_grus, load_layers
    from gru_ref.files.bundles import load_bundle, save_bundle
    from gru_ref.files.inventory import inspect
    from gru_ref.keras.config import GRUConfig
    from gru_ref.keras.functional import Result, gru, gru_step
    from gru_ref.keras.layers.bidirectional import Bidirectional
    from gru_ref.keras.layers.gru import GRU
    from gru_ref.keras.layers.gru_cell import GRUCell
    from gru_ref.keras.layers.rnn import RNN
    from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells
    from gru_ref.keras.layers.stream import GRUStream, stream
    from gru_ref.layouts.onnx_model import to_onnx
    from gru_ref.random_streams.seeds import set_random_seed
    from gru_ref.version import __version__

__all__ = [
    "GRU",
    "RNN",
    "AssumptionWarning",
    "Bidirectional",
    "EngineWarning",
    "FloatFormat",
    "GRUCell",
    "GRUConfig",
    "GRUStream",
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
    "core",
    "debugging",
    "diagnose",
    "diff",
    "engines",
    "errors",
    "files",
    "gru",
    "gru_step",
    "inspect",
    "keras",
    "layouts",
    "lint_vectors",
    "load_bundle",
    "load_grus",
    "load_layers",
    "presentation",
    "random_streams",
    "save_bundle",
    "set_random_seed",
    "stream",
    "testing",
    "to_onnx",
    "trace",
    "vectors",
]

_MODULE_OF = {
    "GRU": "keras.layers.gru",
    "RNN": "keras.layers.rnn",
    "AssumptionWarning": "errors",
    "Bidirectional": "keras.layers.bidirectional",
    "EngineWarning": "errors",
    "FloatFormat": "debugging.bounds.float_format",
    "GRUCell": "keras.layers.gru_cell",
    "GRUConfig": "keras.config",
    "GRUStream": "keras.layers.stream",
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
    "diff": "debugging.diff.comparison",
    "gru": "keras.functional",
    "gru_step": "keras.functional",
    "inspect": "files.inventory",
    "lint_vectors": "debugging.lint",
    "load_bundle": "files.bundles",
    "load_grus": "files",
    "load_layers": "files",
    "save_bundle": "files.bundles",
    "set_random_seed": "random_streams.seeds",
    "stream": "keras.layers.stream",
    "to_onnx": "layouts.onnx_model",
    "trace": "debugging.trace",
    "vectors": "debugging.vectors",
}
_submodule, _ = attach(__name__)

if not TYPE_CHECKING:  # to a checker a name that is not imported above is none

    def __getattr__(name: str) -> Any:
        if name not in _MODULE_OF:
            return _submodule(name)
        value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
