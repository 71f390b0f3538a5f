"""RTNeural's JSON: a list of layers, or one of them as `gru_ref.layouts` writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gru_ref.errors import shown
from gru_ref.files.formats.json_numbers import number_array
from gru_ref.files.formats.json_object import read_object
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.grouping import is_gru
from gru_ref.files.limits import Budget
from gru_ref.provenance import Inference

_GRU = "gru"
_ACTIVATIONS = ("tanh", "relu")  # the words that the exporter writes; others become ""


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of the file.

    Notes
    -----
    RTNeural computes tanh and sigmoid, with the reset after the product, whatever the file says;
    its exporter writes the layers of Keras as they are.

    Raises
    ------
    MalformedFileError
        It is damaged, or the arrays of a GRU are none.

    Source
    ------
    save_model_json of python/model_utils.py and python/model_utils_torch.py in RTNeural; read,
    not run.
    """
    model = read_object(path, "", budget)
    return [_gru(place, entry, budget) for place, entry in entries(model, budget) if _is_gru(entry)]


def entries(model: Mapping[str, Any], budget: Budget) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every layer with its place: "layers/0", …, or "." for a file of one layer."""
    layers = model.get("layers")
    if not isinstance(layers, list):
        yield ".", model
        return
    budget.take_objects(len(layers), "layers")
    for number, entry in enumerate(layers):
        if isinstance(entry, Mapping):
            yield f"layers/{number}", entry


def _is_gru(entry: Mapping[str, Any]) -> bool:
    return entry.get("type") == _GRU


def _gru(place: str, entry: Mapping[str, Any], budget: Budget) -> Found:
    weights = entry.get("weights")
    if not isinstance(weights, list) or len(weights) not in (2, 3):
        raise budget.error(
            place, "it is a gru whose weights are not two or three arrays, expected kernel, "
            "recurrent kernel and bias"
        )  # fmt: skip
    arrays = [
        number_array(value, f"{place}/weights/{i}", budget) for i, value in enumerate(weights)
    ]
    if not is_gru(*(array.shape for array in arrays)) or arrays[-1].ndim > 2:
        raise budget.error(
            place,
            f"its arrays have the shapes {shown([array.shape for array in arrays])}, expected "
            "(f, 3u), (u, 3u) and (2, 3u)",
        )
    said: dict[str, Any] = {}
    activation = entry.get("activation")
    if activation in _ACTIVATIONS:
        said["activation"] = activation
    elif activation not in ("", None):
        raise budget.error(
            place, f"its activation is {shown(activation)}, expected 'tanh', 'relu' or ''"
        )
    shape = entry.get("shape")
    inferred = {}
    if isinstance(shape, list) and len(shape) in (2, 3):
        sequences = Inference(len(shape) == 3, f"its shape, of {len(shape)} axes")
        inferred["return_sequences"] = sequences
    note = "RTNeural itself computes tanh and sigmoid with reset_after=True"
    bias = arrays[2] if len(arrays) == 3 else None
    if activation == "relu" or bias is None or bias.ndim == 1:
        note += ", which this layer is not: here it is computed as Keras does"
    name = entry.get("name")
    return Found(
        place,
        arrays[0],
        arrays[1],
        bias,
        already_known=said,
        inferred=inferred,
        notes=(note,),
        names=(name,) if isinstance(name, str) and name else (),
    )
