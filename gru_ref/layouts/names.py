"""What people call a runtime, and the name that it has here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

# Letters and digits of a name, in lower case → the layout that is meant.
_ALIASES = {
    "pytorch": "torch",
    "pth": "torch",
    "nngru": "torch",
    "grucell": "torch_cell",
    "nngrucell": "torch_cell",
    "onnxruntime": "onnx",
    "ort": "onnx",
    "keras": "keras3",
    "tfkeras": "keras3",
    "tensorflow": "keras3",
    "tf": "keras3",
    "tensorflowjs": "tfjs",
    "tfjslayers": "tfjs",
    "js": "tfjs",
    "flax": "flax_linen",
    "linen": "flax_linen",
    "jax": "flax_linen",
    "nnx": "flax_nnx",
    "hk": "haiku",
    "dmhaiku": "haiku",
    "coreml": "coreml_neuralnetwork",
    "mlmodel": "coreml_neuralnetwork",
    "mlpackage": "coreml_mil",
    "mlprogram": "coreml_mil",
    "mil": "coreml_mil",
    "cudnnrnn": "cudnn",
    "cudnngru": "cudnn_gru",
    "applemlx": "mlx",
    "mlxnn": "mlx",
}


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return what to add to an error about an unknown name: the known one that may be meant.

    Parameters
    ----------
    name : object
        As it was given.
    known : iterable of str

    Returns
    -------
    str
        Empty if none is close.

    Examples
    --------
    >>> suggestion("PyTorch", ["torch", "onnx"]), suggestion("onxx", ["torch", "onnx"])
    ("; did you mean 'torch'?", "; did you mean 'onnx'?")
    >>> suggestion("numpy", ["torch", "onnx"])
    ''
    """
    plain = {_letters(one): one for one in known}
    asked = _letters(str(name)[:100])
    found = _ALIASES.get(asked)
    if found not in plain.values():
        close = difflib.get_close_matches(asked, plain, 1, 0.7)
        found = plain[close[0]] if close else None
    return f"; did you mean {found!r}?" if found else ""


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
