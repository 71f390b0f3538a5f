"""The targets of `--to`: their names, their files, and the contents of those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gru_ref.cli.assumptions import LAYOUT
from gru_ref.cli.output import check_ending, npz_bytes
from gru_ref.files.formats.carried import KEY, carried_text
from gru_ref.files.writers import keras3
from gru_ref.keras.layers.gru import GRU
from gru_ref.layouts import LAYOUTS
from gru_ref.layouts.names import suggestion
from gru_ref.layouts.onnx_model import to_onnx

# Beside the layouts, which are arrays: targets that are whole models.
KERAS_3, ONNX = "keras3", "onnx"
TARGETS = (*LAYOUTS, KERAS_3)
_WEIGHTS = ".weights.h5"
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    KERAS_3: (".keras", _WEIGHTS),
    ONNX: (".onnx", ".npz", ".json"),
    "rtneural": (".json",),
}


def target_files(target: str, output: Path, *, weights_only: bool = False) -> tuple[Path, ...]:
    """Return the files that will be written.

    Raises
    ------
    ValueError
        There is no such target, or the ending is none that it comes in.
    """
    if target not in TARGETS:
        raise ValueError(
            f"--to is {target!r}, expected one of {', '.join(TARGETS)}{suggestion(target, TARGETS)}"
        )
    check_ending("--output", output, _ENDINGS.get(target, (".npz", ".json")))
    if weights_only and not (target == KERAS_3 and output.name.endswith(_WEIGHTS)):
        raise ValueError(f"--weights-only needs --to {KERAS_3} -o NAME{_WEIGHTS}")
    if target == KERAS_3 and output.name.endswith(_WEIGHTS) and not weights_only:
        return output, output.with_name(f"{output.name.removesuffix(_WEIGHTS)}.json")
    return (output,)


def layout_bytes(layer: GRU, target: str, output: Path) -> bytes:
    """Return one GRU in the layout `target`: an `.onnx` model, or arrays in `.npz` or `.json`.

    Raises
    ------
    NotRepresentableError
        The runtime cannot represent a part of it.
    ImportError
        onnx is missing.
    ValueError
        The weights hold NaN or infinity, and the file is `.json`.
    """
    assumed = _assumed(layer)
    if output.name.endswith(".onnx"):
        model = to_onnx(layer, initial_state=False)
        if assumed:
            model.metadata_props.add(key=KEY, value=carried_text(assumed))
        written: bytes = model.SerializeToString()
        return written
    arrays = LAYOUTS[target].to_layout(layer)
    if output.name.endswith(".npz"):
        return npz_bytes(arrays, carried_text(assumed))
    if assumed:
        arrays = {**arrays, KEY: assumed}
    try:
        return json.dumps(arrays, default=_as_list, allow_nan=False).encode()
    except ValueError:
        raise ValueError(
            "weights hold NaN or infinity, expected finite numbers, which are all that JSON has"
        ) from None


def keras3_bytes(plan: keras3.Contents, files: tuple[Path, ...]) -> dict[Path, bytes]:
    """Return what each file holds: a `.keras`, or a `.weights.h5` and perhaps its config."""
    if files[0].name.endswith(_WEIGHTS):
        contents = [keras3.weights_h5(plan), keras3.model_json(plan).encode()]
    else:
        contents = [keras3.keras_zip(plan)]
    return dict(zip(files, contents, strict=False))


def _assumed(layer: GRU) -> dict[str, Any]:
    """Return what is assumed of a layer and changes what its layout computes."""
    assumed = {} if layer.provenance is None else layer.provenance.assumed
    return {name: value for name, value in assumed.items() if name in LAYOUT}


def _as_list(value: Any) -> Any:
    """Return an array as JSON can hold it."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is in the layout, expected arrays and attributes")
